/** First lines about CPUs and tasks that are stuck, memory, broken rules, devices and programs. */
import { functionName } from './functions.ts'
import { COMM, head, masked, number, SYMBOL, titled, type Start } from './start.ts'

const STUCK: readonly Start[] = [
  {
    kind: 'soft-lockup',
    pattern:
      /^(?:(?:NMI )?watchdog: )?BUG: soft lockup - CPU#(\d{1,5}) stuck for \d{1,9}s!(?: \[([^\]]{0,40}):(\d{1,10})\])?/,
    head: ([cpu, comm, pid]) => head('BUG: soft lockup', { cpu: number(cpu), comm, pid: number(pid) }),
    seek: 'registers',
  },
  {
    kind: 'hard-lockup',
    pattern: /^(?:NMI )?watchdog: (?:CPU(\d{1,5}): )?Watchdog detected hard LOCKUP(?: on cpu (\d{1,5}))?/i,
    head: ([one, other]) => head('BUG: hard lockup', { cpu: number(one ?? other) }),
    seek: 'registers',
  },
  {
    kind: 'hung-task',
    pattern: new RegExp(
      `^INFO: task ${COMM}:(\\d{1,10}) (?:<[^>]{0,60}> )?blocked (?:in I/O wait )?for more than`,
    ),
    head: ([comm, pid]) => head('INFO: task hung', { comm, pid: number(pid) }),
    seek: 'stack',
  },
  {
    kind: 'rcu-stall',
    pattern: /^(?:rcu: )?INFO: rcu\w{0,30} (?:self-)?detected (?:expedited )?stall/,
    head: titled('INFO: rcu detected stall'),
    seek: 'registers',
  },
  {
    kind: 'workqueue-lockup',
    pattern: /^BUG: workqueue lockup - pool/,
    head: titled('BUG: workqueue lockup'),
    seek: 'none',
  },
]

const MEMORY: readonly Start[] = [
  {
    kind: 'out-of-memory',
    pattern: new RegExp(`^${COMM} invoked oom-killer: `),
    head: titled('out of memory'),
    seek: 'none',
    long: true,
  },
  {
    kind: 'out-of-memory',
    pattern:
      /^(?:Memory cgroup out of memory|Out of memory(?: \([\w ]{1,40}\))?): Kill(?:ed)? process (\d{1,10}),? \((.{1,40}?)\)/,
    head: ([pid, comm = '']) => ({
      ...head(`out of memory: killed ${masked(comm)}`, { comm, pid: number(pid) }),
      closed: true,
    }),
    seek: 'none',
    within: ['out-of-memory'],
  },
  {
    kind: 'allocation-failure',
    pattern: new RegExp(`^${COMM}: page allocation failure: order:`),
    head: ([comm]) => head('page allocation failure', { comm }),
    seek: 'stack',
  },
  {
    kind: 'bad-page',
    pattern: new RegExp(`^BUG: Bad page (state|map) in process ${COMM} {1,2}p(?:fn|te):`),
    head: ([what = '', comm]) => head(`BUG: Bad page ${what}`, { comm }),
    seek: 'stack',
  },
  {
    kind: 'memory-leak',
    pattern: /^kmemleak: \d{1,9} new suspected memory leaks/,
    head: titled('memory leak'),
    seek: 'none',
  },
]

const RULES: readonly Start[] = [
  {
    kind: 'atomic-sleep',
    pattern: /^BUG: sleeping function called from invalid context/,
    head: titled('BUG: sleeping function called from invalid context'),
    seek: 'stack',
  },
  {
    kind: 'atomic-sleep',
    pattern: new RegExp(`^BUG: scheduling while atomic: ${COMM}/(\\d{1,10})/0x`),
    head: ([comm, pid]) => head('BUG: scheduling while atomic', { comm, pid: number(pid) }),
    seek: 'stack',
  },
  {
    kind: 'device-leak',
    pattern: /^unregister_netdevice: waiting for (\S{1,40}) to become free/,
    head: ([device = '']) => ({
      title: `unregister_netdevice: waiting for ${masked(device)} to become free`,
    }),
    seek: 'none',
  },
  {
    kind: 'warning',
    pattern: new RegExp(`^WARNING: CPU: (\\d{1,5}) PID: (\\d{1,10}) at (?:\\S{1,300} )?${SYMBOL}`),
    head: ([cpu, pid, name = '']) => ({
      ...head('WARNING', { cpu: number(cpu), pid: number(pid) }),
      function: functionName(name),
    }),
    seek: 'stack',
    within: ['refcount', 'list-corruption'],
  },
  {
    kind: 'warning',
    pattern: new RegExp(
      `^WARNING: (?:\\S{1,300} )?at ${SYMBOL}[0-9a-f/x]{1,40}(?:, CPU#(\\d{1,5}): (.{1,40}?)/(\\d{1,10}))?`,
    ),
    head: ([name = '', cpu, comm, pid]) => ({
      ...head('WARNING', { cpu: number(cpu), comm, pid: number(pid) }),
      function: functionName(name),
    }),
    seek: 'stack',
    within: ['refcount', 'list-corruption'],
  },
  {
    kind: 'warning',
    pattern: /^WARNING: CPU: (\d{1,5}) PID: (\d{1,10}) at /,
    head: ([cpu, pid]) => head('WARNING', { cpu: number(cpu), pid: number(pid) }),
    seek: 'stack',
  },
]

const DEVICES: readonly Start[] = [
  {
    kind: 'io-error',
    pattern:
      /^(?:(?:blk_update_request|print_req_error): )?((?:critical )?[\w/]{1,20}(?: \w{1,20})? error), dev (\w[\w!-]{0,40}),? sector \d{1,20}(?: op 0x[0-9a-f]{1,8}:\((\w{1,20})\))?/,
    head: ([what = '', device = '', operation]) => ({
      title: `${what} on ${device}${operation === undefined ? '' : ` (${operation})`}`,
    }),
    seek: 'none',
  },
  {
    kind: 'io-error',
    pattern: /^Buffer I\/O error on dev(?:ice)? (\w[\w!-]{0,40}), logical block/,
    head: ([device = '']) => ({ title: `Buffer I/O error on ${device}` }),
    seek: 'none',
  },
  {
    kind: 'file-system',
    pattern:
      /^(EXT[234]-fs|FAT-fs|F2FS-fs|BTRFS) (?:error|critical) ?\((?:device )?([^)]{1,40})\)(?::| in) ?(?:(\w{1,60}):\d)?/,
    head: ([system = '', , name], cut) =>
      name === undefined || cut
        ? { title: `${system} error` }
        : { title: `${system} error in ${name}`, function: name },
    seek: 'none',
  },
  {
    kind: 'file-system',
    pattern:
      /^XFS \([^)]{1,40}\): (Metadata corruption detected|Metadata I\/O Error|Internal error|Corruption|log I\/O error|Filesystem has been shut down)/i,
    head: ([what = '']) => ({ title: `XFS: ${what}` }),
    seek: 'none',
  },
  {
    kind: 'machine-check',
    pattern:
      /^(?:mce: )?(?:\{\d{1,5}\})?\[Hardware Error\]: (?:CPU (\d{1,5}): Machine Check|Machine check events logged|Hardware error from APEI|event severity)/,
    head: ([cpu]) => head('Hardware Error', { cpu: number(cpu) }),
    seek: 'none',
  },
  {
    kind: 'user-fault',
    pattern: /^([^\s[]{1,40})\[(\d{1,10})\]: segfault at .{1,200}? in ([^\s[]{1,80})\[/,
    head: ([comm = '', pid, where = '']) =>
      head(`segfault of ${masked(comm)} in ${masked(where)}`, { comm, pid: number(pid) }),
    seek: 'none',
  },
  {
    kind: 'user-fault',
    pattern:
      /^(?:traps: )?([^\s[]{1,40})\[(\d{1,10})\] (trap [\w ]{1,30}?|general protection\w{0,10}|[\w ]{1,30}?) ip:/,
    head: ([comm = '', pid, what = '']) => head(`${what} of ${masked(comm)}`, { comm, pid: number(pid) }),
    seek: 'none',
  },
]

/** In the order in which they are tried. */
export const stateStarts: readonly Start[] = [...STUCK, ...MEMORY, ...RULES, ...DEVICES]
