import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import type { Node } from '../../../plugin/node.ts'
import { startTimeOf, stateOf } from '../../tracing/process-stat.ts'

export default defineCollector({
  id: 'sigstop',
  summary: 'Stops the targets with SIGSTOP for a moment and lets them go on: every wait is begun anew',
  needs: [{ type: 'target', what: 'any' }],
  properties: z.strictObject({
    moment: duration.prefault('200ms').describe('time for which each of them stands still'),
  }),
  tier: 'stop',
  shows: 'whether the symptom hangs on a wait that was never ended',
  tables: ['events'],
  inDefaultLadder: true,
  onReference: false,
  async collect(context, { moment }) {
    const { node, targets, rows, ledger, signal } = context
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
      if (await sent(node, 'STOP', pid)) {
        try {
          await sleep(moment, signal)
        } finally {
          // Here too, for a node that is not this host. Not with the signal: an abort must not leave it stopped.
          await sent(node, 'CONT', pid)
        }
        rows.add('events', {
          kind: 'rung',
          name: 'sigstop',
          detail: `${comm} (${pid}) stood still for ${formatDuration(moment)}`,
        })
      } else context.note(`${comm} (${pid}) could not be stopped: it is gone or not ours`)
    }
  },
})

const sent = async (node: Node, signal: 'STOP' | 'CONT', pid: number): Promise<boolean> =>
  (await node.run(['sh', '-c', 'kill -"$1" "$2"', 'sh', signal, String(pid)])).ok
