/** First lines of sanitizers, of lockdep, and of faults in the kernel. */
import { functionName } from './functions.ts'
import { head, number, SYMBOL, titled, type Start } from './start.ts'

const SANITIZERS: readonly Start[] = [
  {
    kind: 'kcsan',
    pattern:
      /^BUG: KCSAN: ([\w-]{1,40}) in ([A-Za-z_][\w.]*)(?:\+0x[0-9a-f/x]+)?(?: \/ ([A-Za-z_][\w.]*))?(?: |$)/,
    head: ([what = '', one = '', other], cut) =>
      cut
        ? { title: `KCSAN: ${what}` }
        : {
            title: `KCSAN: ${what} in ${[one, ...(other === undefined ? [] : [other])].map(functionName).toSorted().join(' / ')}`,
            closed: true,
          },
    seek: 'stack',
  },
  ...(['kasan', 'kmsan', 'kfence'] as const).map((kind): Start => ({
    kind,
    pattern: new RegExp(`^BUG: ${kind.toUpperCase()}: ([\\w ()-]{1,60}?)(?: in ${SYMBOL}|$)`),
    head: ([what = '', name], cut) => ({
      title: cut ? kind.toUpperCase() : `${kind.toUpperCase()}: ${what}`,
      ...(name === undefined ? {} : { function: functionName(name) }),
    }),
    seek: 'stack',
  })),
  {
    kind: 'ubsan',
    pattern: /^UBSAN: ([\w -]{1,60}) in \S{1,200}:\d/,
    head: ([what = '']) => ({ title: `UBSAN: ${what}` }),
    seek: 'stack',
  },
]

const LOCKS: readonly Start[] = [
  {
    kind: 'lockdep',
    pattern:
      /^(?:WARNING: |\[ (?:INFO|BUG): )(?:possible (?:circular locking dependency|recursive locking|irq lock inversion dependency) detected|[\w-]{1,20}-safe -> [\w-]{1,20}-unsafe lock order detected)/,
    head: titled('possible deadlock'),
    seek: 'lock',
  },
  {
    kind: 'lockdep',
    pattern:
      /^(?:WARNING: |\[ (?:INFO|BUG): )(inconsistent lock state|bad unlock balance detected|suspicious RCU usage|held lock freed|lock held when returning to user space|Invalid wait context|Nested lock was not taken)/i,
    head: ([what = '']) => ({ title: `WARNING: ${what}` }),
    seek: 'lock',
  },
]

const FAULTS: readonly Start[] = [
  {
    kind: 'list-corruption',
    pattern: /^list_(?:add|del) (?:corruption|double add)/,
    head: titled('list corruption'),
    seek: 'registers',
  },
  {
    kind: 'list-corruption',
    pattern: new RegExp(
      `^(?:kernel BUG at lib/list_debug\\.c|WARNING: (?:CPU: (\\d+) PID: (\\d+) at )?lib/list_debug\\.c)`,
    ),
    head: ([cpu, pid]) => head('list corruption', { cpu: number(cpu), pid: number(pid) }),
    seek: 'registers',
    within: ['list-corruption'],
  },
  { kind: 'refcount', pattern: /^refcount_t: \w/, head: titled('WARNING: refcount bug'), seek: 'stack' },
  {
    kind: 'refcount',
    pattern: /^WARNING: (?:CPU: (\d+) PID: (\d+) at )?lib\/refcount\.c/,
    head: ([cpu, pid]) => head('WARNING: refcount bug', { cpu: number(cpu), pid: number(pid) }),
    seek: 'stack',
    within: ['refcount'],
  },
  {
    kind: 'stack-overflow',
    pattern:
      /^(?:BUG: (?:\w{1,20} )?stack guard page was hit at|(?:BUG: )?kernel stack overflow|Insufficient stack space to handle exception)/i,
    head: titled('kernel stack overflow'),
    seek: 'registers',
  },
  {
    kind: 'oops',
    pattern: /^(?:BUG: (?:unable to handle )?(?:kernel )?|Unable to handle kernel )NULL pointer dereference/,
    head: titled('BUG: unable to handle kernel NULL pointer dereference'),
    seek: 'registers',
  },
  {
    kind: 'oops',
    pattern:
      /^(?:BUG: unable to handle (?:page fault|kernel paging request)|Unable to handle kernel (?:paging request|access|execute|read|write))/,
    head: titled('BUG: unable to handle page fault'),
    seek: 'registers',
  },
  {
    kind: 'oops',
    pattern: /^(?:Oops: )?general protection fault(?:,|:| )/,
    head: titled('general protection fault'),
    seek: 'registers',
  },
  {
    kind: 'bug',
    pattern: /^kernel BUG at \S/,
    head: titled('kernel BUG'),
    seek: 'registers',
  },
  {
    kind: 'oops',
    pattern: /^(?:Oops: |Internal error: Oops - )?invalid opcode: /,
    head: titled('invalid opcode'),
    seek: 'registers',
    within: ['bug', 'list-corruption', 'bad-page'],
  },
  {
    kind: 'oops',
    pattern: /^(?:Oops: )?(divide error|stack segment|bounds|int3|alignment check|segment not present): /,
    head: ([what = '']) => ({ title: what }),
    seek: 'registers',
  },
  {
    kind: 'oops',
    pattern: /^(?:traps: )?PANIC: double fault/,
    head: titled('double fault'),
    seek: 'registers',
    within: ['stack-overflow'],
  },
  {
    kind: 'oops',
    pattern: /^(?:Oops: [0-9a-f]{4,16} \[#|Internal error: (?:Oops|BUG|[\w ,-]{1,40}:))/,
    head: titled('Oops'),
    seek: 'registers',
    within: ['oops', 'bug', 'list-corruption', 'stack-overflow', 'kasan', 'kfence'],
  },
]

/** In the order in which they are tried. */
export const faultStarts: readonly Start[] = [...SANITIZERS, ...LOCKS, ...FAULTS]
