import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { messageOf } from '../../../base/errors.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { startTimeOf, stateOf } from '../../tracing/process-stat.ts'
import { openTraceInstance } from '../../tracing/trace-instance.ts'
import { restartedTimersParser, STOP_MARK } from './parse.ts'

/** Every thread that was let go on has begun its wait anew after so long, ms. */
const SETTLING_MS = 300

export default defineCollector({
  id: 'sigstop',
  summary: 'Stops the targets with SIGSTOP for a moment and lets them go on: every wait is begun anew',
  needs: [{ type: 'target', what: 'any' }],
  properties: z.strictObject({
    moment: duration.prefault('200ms').describe('time for which each of them stands still'),
  }),
  tier: 'stop',
  shows: 'whether the symptom hangs on a wait that was never ended, and timers that should have ended it',
  tables: ['events', 'timers'],
  inDefaultLadder: true,
  onReference: false,
  async collect(context, { moment }) {
    const { node, targets, rows, ledger, signal } = context
    await using stack = new AsyncDisposableStack()
    const trace = await timerTrace(context, stack)
    for (const { pid, comm } of targets) {
      const started = startTimeOf(node.files, pid)
      if (started === undefined) {
        context.note(`${comm} (${pid}) was gone before it could be stopped`)
        continue
      }
      // Whoever stopped it means it: SIGCONT would not put things back.
      if (stateOf(node.files, pid) === 'T') {
        context.note(`${comm} (${pid}) is stopped already and was left alone`)
        continue
      }
      await using _stopped = await ledger.record({ type: 'stopped', pid, started })
      if (await sent(context, 'STOP', pid, trace)) {
        try {
          await sleep(moment, signal)
        } finally {
          // Here too, for a node that is not this host. Not with the signal: an abort must not leave it stopped.
          await sent(context, 'CONT', pid)
        }
        rows.add('events', {
          kind: 'rung',
          name: 'sigstop',
          detail: `${comm} (${pid}) stood still for ${formatDuration(moment)}`,
        })
        if (trace !== undefined) {
          await sleep(SETTLING_MS, signal)
          await node.run(['sh', '-c', 'echo 0 >"$1"/tracing_on', 'sh', trace], { signal })
        }
      } else context.note(`${comm} (${pid}) could not be stopped: it is gone or not ours`)
    }
    if (trace === undefined) return
    await using reading = await node.spawn(['cat', `${trace}/trace`], { signal })
    await context.ingest('trace.txt', reading.stdout, restartedTimersParser(rows))
    await reading.done
  },
})

/** A trace of the timers that the targets start, not running yet; none where there is no tracefs or nobody may use it. */
async function timerTrace(context: CollectContext, stack: AsyncDisposableStack): Promise<string | undefined> {
  const { node, targets, signal } = context
  try {
    const trace = await openTraceInstance(context, stack, {
      clock: 'mono',
      bufferKilobytes: 1024,
      tids: targets.flatMap(({ pid }) => node.files.list(`/proc/${pid}/task`)),
      events: ['timer:hrtimer_start'],
    })
    // What is begun anew comes first: of a process that starts more timers than the buffer holds, the rest is lost.
    const settings = [
      'sh',
      '-c',
      'cd "$1" && echo 0 >tracing_on && echo 0 >options/overwrite && echo >trace',
      'sh',
      trace,
    ]
    return (await node.run(settings, { signal })).ok ? trace : undefined
  } catch (error) {
    signal.throwIfAborted()
    context.note(`the timers of waits that are begun anew are not shown: ${messageOf(error)}`)
    return undefined
  }
}

const SEND = `
[ -z "$3" ] || { cd "$3" && echo 1 >tracing_on && echo "${STOP_MARK} $2" >trace_marker; }
kill -"$1" "$2"`

const sent = async (
  { node }: CollectContext,
  signal: 'STOP' | 'CONT',
  pid: number,
  trace = '',
): Promise<boolean> => (await node.run(['sh', '-c', SEND, 'sh', signal, String(pid), trace])).ok
