/** Waits that the rung made the kernel begin anew, with an expiry that had passed long before: their timers did not fire. */
import type { RungRecord } from '../../model/run.ts'
import type { Case } from '../case/case.ts'
import { literal } from '../case/sql.ts'
import { capital, count, duration, threadName } from '../statement/format.ts'
import type { Sign } from './signs.ts'

/** What a healthy timer may be late on a busy host, ns. */
const SLACK_NS = 250_000_000

/** One sign for the wait that was the longest past its expiry. */
export async function passedTimers(the: Case, rung: RungRecord): Promise<Sign[]> {
  interface Passed {
    pid: number
    tid: number
    comm: string
    expires: number
    late: number
  }
  const rows = await the.evidence.rows<Passed>(`
    SELECT any_value(pid) AS pid, tid, any_value(comm) AS comm, arg_max(expires_ns, late_ns)::DOUBLE AS expires, max(late_ns)::DOUBLE AS late
    FROM timers WHERE collector = ${literal(rung.collector)} AND node = ${literal(rung.node)} AND ${the.sick.captured}
      AND operation = 'start' AND late_ns > ${SLACK_NS} AND tid IS NOT NULL
    GROUP BY tid ORDER BY late DESC, tid`)
  const [first] = rows
  if (first === undefined) return []
  const process = the.targets.find(({ pid }) => pid === first.pid)?.comm ?? first.comm
  const who = threadName(first.tid, first.comm, process)
  const others = rows.length > 1 ? `, and those of ${count(rows.length - 1)} other threads` : ''
  return [
    {
      sentence:
        `${capital(who)} began its wait anew with an expiry of ${duration(first.expires)} since boot, which had passed ` +
        `${duration(first.late)} before the stop: its timer had not fired${others}.`,
      brief: `the wait of ${who} was begun anew with an expiry that had passed ${duration(first.late)} before`,
      about: [`thread:${first.tid}`, 'effect:interrupted', 'effect:past-deadline'],
      subject: { pid: first.pid, tid: first.tid, comm: process },
    },
  ]
}
