/**
 * Sleepers that had left their wait when the tracer first saw them.
 *
 * A tracer sees a thread from its first entry into or exit from a call after the attach. A wait that the kernel restarts
 * shows as that wait, resumed; one that it ended with EINTR to the program is over before the tracer sees anything, so that
 * the thread's first call is another. Which waits end like that whatever the program asked for: man 7 signal, "Interruption
 * of system calls by stop signals".
 */
import type { RungRecord } from '../../model/run.ts'
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, oneOf } from '../case/sql.ts'
import { endsWhenStopped } from '../knowledge/waits.ts'
import { plain } from '../statement/format.ts'
import type { Sign } from './signs.ts'

/** One sign for the first sleeper over pending work whose first traced call is not the wait it was found in. */
export async function leftWaits(the: Case, rung: RungRecord, found: readonly Candidate[]): Promise<Sign[]> {
  const sleepers = found.flatMap(({ about, subject, comparison }) =>
    about.includes('effect:asleep') && comparison !== null && comparison.p < 0.05 ? [subject] : [],
  )
  const tids = sleepers.flatMap(({ tid }) => (tid === undefined ? [] : [tid]))
  const rows = await the.evidence.rows<{ tid: number; call: string }>(`
    SELECT tid, arg_min(call, ts) AS call FROM syscalls
    WHERE collector = ${literal(rung.collector)} AND node = ${literal(rung.node)} AND ${the.sick.captured} AND ${oneOf('tid', tids)}
    GROUP BY tid ORDER BY tid`)
  const [sign] = sleepers.flatMap(({ pid, tid, comm = '', call = '' }): Sign[] => {
    const first = rows.find((row) => row.tid === tid)?.call
    if (first === undefined || first === call || first === 'restart_syscall' || !endsWhenStopped(call))
      return []
    const who = `thread ${tid} (${plain(comm)})`
    return [
      {
        sentence:
          `${call} of ${who}, the one that slept over pending work, had ended when ${plain(rung.collector)} saw it first, and it ` +
          `went on with ${plain(first)}: a stop ends ${call} with EINTR.`,
        brief: `it ends ${call} with EINTR, and ${who} went on with ${plain(first)}`,
        about: [`call:${call}`, `thread:${tid}`, 'effect:interrupted'],
        subject: {
          ...(pid === undefined ? {} : { pid }),
          ...(tid === undefined ? {} : { tid }),
          comm,
          call,
          errno: 'EINTR',
        },
      },
    ]
  })
  return sign === undefined ? [] : [sign]
}
