/** Waits that the cure made the kernel begin anew, with an expiry that had passed: the timer that should have ended them had not fired. */
import type { RungRecord } from '../../model/run.ts'
import type { Case } from '../case/case.ts'
import { passedTimers } from '../overdue/restarted.ts'
import { capital, count, duration, threadName } from '../statement/format.ts'
import type { Sign } from './signs.ts'

/** One sign for the wait that was the longest past its expiry. */
export async function passedWaits(the: Case, rung: RungRecord): Promise<Sign[]> {
  const rows = (await passedTimers(the)).filter(
    ({ node, collector }) => node === rung.node && collector === rung.collector,
  )
  const [first] = rows
  if (first === undefined) return []
  const { pid, tid, comm, process, expiresNs, lateNs } = first
  const who = threadName(tid, comm, process)
  const others = rows.length > 1 ? `, and those of ${count(rows.length - 1)} other threads` : ''
  return [
    {
      sentence:
        `${capital(who)} began its wait anew with an expiry of ${duration(expiresNs)} since boot, which had passed ` +
        `${duration(lateNs)} before the stop: its timer had not fired${others}.`,
      brief: `the wait of ${who} was begun anew with an expiry that had passed ${duration(lateNs)} before`,
      about: [`thread:${tid}`, 'effect:interrupted', 'effect:past-deadline'],
      subject: { pid, tid, comm: process },
    },
  ]
}
