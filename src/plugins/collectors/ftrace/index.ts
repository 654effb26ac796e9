import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import { syscallsOf } from '../../tracing/bpftrace.ts'
import { identityOf } from '../../tracing/process-stat.ts'
import { withTracefs } from '../../tracing/tracefs.ts'
import { createFtraceParser } from './parse.ts'

const EVENTS = ['raw_syscalls:sys_enter', 'raw_syscalls:sys_exit', 'sched:sched_waking', 'sched:sched_switch']

/** $1 is the instance, $2 the size of its buffers in kB, $3 thread ids or nothing, the rest are events. */
const SET_UP = `
cd "$1" && echo boot > trace_clock && echo "$2" > buffer_size_kb || exit 1
[ -z "$3" ] || echo "$3" > set_event_pid || exit 1
shift 3
for event; do echo "$event" >> set_event || exit 1; done`

export default defineCollector({
  id: 'ftrace',
  summary: 'Traces system calls and the scheduler through tracefs, where bpftrace does not work',
  needs: [{ type: 'root' }, { type: 'tracefs' }],
  properties: z.strictObject({
    when: z
      .enum(['no-bpftrace', 'always'])
      .default('no-bpftrace')
      .describe('whether to trace also where bpftrace, which costs less, can'),
    events: z
      .array(z.string().regex(/^\w+:\w+$/, 'expected category:name'))
      .min(1)
      .default(EVENTS)
      .describe('tracepoints; those that are not of system calls or the scheduler are kept as raw text only'),
    bufferKilobytes: z.number().int().min(64).max(1_048_576).default(8192).describe('buffer of each CPU'),
  }),
  tier: 'trace',
  shows: 'time in system calls, who wakes whom, and any tracepoint',
  tables: ['syscalls', 'wakeups'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context, { when, events, bufferKilobytes }) {
    const { node, signal } = context
    if (when === 'no-bpftrace') {
      const tried = await node.run(withTracefs(['bpftrace', '-e', 'BEGIN { exit(); }']), { signal })
      if (tried.ok) {
        context.note('ftrace was not needed: bpftrace works here')
        return
      }
    }
    const calls = await syscallsOf(context)
    await using stack = new AsyncDisposableStack()
    const instance = await openInstance(context, stack)
    const tids = context.targets.flatMap(({ pid }) => node.files.list(`/proc/${pid}/task`))
    const setUp = ['sh', '-c', SET_UP, 'sh', instance, String(bufferKilobytes), tids.join(' '), ...events]
    await mustRun(context, setUp, 'events could not be enabled')
    const pipe = [
      'timeout',
      '--kill-after=5',
      String(context.windowMs / 1000),
      'cat',
      `${instance}/trace_pipe`,
    ]
    await using running = await node.spawn(pipe, { signal })
    const parser = createFtraceParser(context.rows, {
      calls,
      processOf: (tid) => identityOf(node.files, tid)?.pid,
      endedAt: () => uptimeNs(node.files),
      note: (sentence) => context.note(sentence),
    })
    await context.ingest('trace_pipe.txt', running.stdout, parser)
    await running.done
    throwIfAborted(signal)
  },
})

/**
 * A trace instance of our own, in a mount of our own: nobody else's tracing is touched, and nobody who unmounts
 * /sys/kernel/tracing takes the way to remove it.
 */
async function openInstance(context: CollectContext, stack: AsyncDisposableStack): Promise<string> {
  const { node, ledger } = context
  const mount = `${node.scratch}/tracing`
  await mustRun(context, ['mkdir', '-p', mount], 'no directory could be made')
  stack.use(await ledger.record({ type: 'mount', path: mount }))
  await mustRun(context, ['mount', '-t', 'tracefs', 'tracefs', mount], 'tracefs could not be mounted')
  const instance = `${mount}/instances/quarry-${randomUUID()}`
  stack.use(await ledger.record({ type: 'tracefs-instance', path: instance }))
  await mustRun(context, ['mkdir', instance], 'no trace instance could be made')
  return instance
}

/** The clock `boot` of traces, to 10 ms. */
function uptimeNs(files: FileView): number | undefined {
  const [seconds] = files.text('/proc/uptime')?.split(' ') ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1e9
}

async function mustRun(context: CollectContext, command: readonly string[], what: string): Promise<void> {
  const result = await context.node.run(command, { signal: context.signal })
  if (result.ok) return
  throw new EnvironmentError(`ftrace: ${what} on ${context.node.name}: ${result.stderr.trim()}`, {
    code: 'QUARRY_FTRACE',
    remedy: 'run as root, on a kernel with CONFIG_FTRACE; quarry doctor shows which tracepoints there are',
  })
}
