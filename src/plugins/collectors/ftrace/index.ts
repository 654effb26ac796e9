import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { defineCollector } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import { syscallsOf } from '../../tracing/bpftrace.ts'
import { identityOf } from '../../tracing/process-stat.ts'
import { openTraceInstance } from '../../tracing/trace-instance.ts'
import { withTracefs } from '../../tracing/tracefs.ts'
import { createFtraceParser } from './parse.ts'

const EVENTS = ['raw_syscalls:sys_enter', 'raw_syscalls:sys_exit', 'sched:sched_waking', 'sched:sched_switch']

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
    const tids = context.targets.flatMap(({ pid }) => node.files.list(`/proc/${pid}/task`))
    const instance = await openTraceInstance(context, stack, { clock: 'boot', bufferKilobytes, tids, events })
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

/** The clock `boot` of traces, to 10 ms. */
function uptimeNs(files: FileView): number | undefined {
  const [seconds] = files.text('/proc/uptime')?.split(' ') ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1e9
}
