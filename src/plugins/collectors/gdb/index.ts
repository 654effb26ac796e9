import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import type { Target } from '../../../model/run.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { startTimeOf, stateOf } from '../../tracing/process-stat.ts'
import { createGdbParser } from './parse.ts'

// No start-up files, no code that comes with the program, no questions, nothing from the network.
const EARLY = ['auto-load no', 'debuginfod enabled off'].flatMap((setting) => ['-iex', `set ${setting}`])
const LATE = ['pagination off', 'width 0', 'print frame-arguments scalars'].flatMap((setting) => [
  '-ex',
  `set ${setting}`,
])
const COMMAND = ['gdb', '-nx', '-batch', ...EARLY, ...LATE, '-ex', 'thread apply all bt 128']

export default defineCollector({
  id: 'gdb',
  summary: 'Takes a backtrace of every thread of the targets with gdb',
  needs: [
    { type: 'tool', name: 'gdb', package: 'gdb' },
    { type: 'capability', name: 'CAP_SYS_PTRACE' },
    { type: 'target', what: 'any' },
  ],
  properties: z.strictObject({
    limit: duration.prefault('20s').describe('time that one process may be stopped for its dump'),
  }),
  tier: 'stop',
  shows: 'in which function of the program each thread is',
  tables: ['stacks'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context, { limit }) {
    for (const target of context.targets) await dump(context, target, limit)
  },
})

async function dump(context: CollectContext, { pid, comm }: Target, limitMs: number): Promise<void> {
  const { node, signal } = context
  const started = startTimeOf(node.files, pid)
  if (started === undefined) {
    context.note(`${comm} (${pid}) was gone before gdb came`)
    return
  }
  // A gdb that is killed while it attaches leaves the process stopped. One that was stopped before is to stay so.
  await using stack = new AsyncDisposableStack()
  if (stateOf(node.files, pid) !== 'T')
    stack.use(await context.ledger.record({ type: 'stopped', pid, started }))
  await using running = await node.spawn([...COMMAND, '-p', String(pid)], { signal, timeoutMs: limitMs })
  const stats = await context.ingest(`${pid}.txt`, running.stdout, createGdbParser(context.rows, pid))
  const result = await running.done
  throwIfAborted(signal)
  if (result.timedOut) {
    context.note(`gdb took longer than ${formatDuration(limitMs)} with ${comm} (${pid}) and was ended`)
    return
  }
  if (stats.rows > 0) return
  if (startTimeOf(node.files, pid) !== started) {
    context.note(`${comm} (${pid}) ended while gdb looked at it`)
    return
  }
  throw new EnvironmentError(
    `gdb got no backtrace of ${comm} (${pid}) on ${node.name}: ${result.stderr.trim().split('\n').slice(-3).join('; ')}`,
    {
      code: 'QUARRY_GDB',
      remedy: 'run as root; no other tracer may hold the process; see kernel.yama.ptrace_scope',
    },
  )
}
