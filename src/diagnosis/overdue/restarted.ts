/** Waits that a stop made the kernel begin anew, with an expiry that had passed long before: their timers did not fire. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { capital, count, duration, threadName } from '../statement/format.ts'

/** What a healthy timer may be late on a busy host. */
const SLACK_NS = 250_000_000
/** Chance that a healthy one is later than that. */
const CHANCE_OF_LATE = 0.005

/** A thread whose timer had not fired, as a stop showed. */
export interface PassedTimer {
  readonly node: string
  readonly collector: string
  readonly pid: number
  readonly tid: number
  readonly comm: string
  readonly process: string
  /** On the clock of the queue, ns. */
  readonly expiresNs: number
  /** From then to the stop, ns. */
  readonly lateNs: number
}

/** Those of the sick captures, the latest first. */
export async function passedTimers(the: Case): Promise<PassedTimer[]> {
  const rows = await the.evidence.rows<Omit<PassedTimer, 'process'>>(`
    SELECT node, collector, any_value(pid) AS pid, tid, any_value(comm) AS comm,
      arg_max(expires_ns, late_ns)::DOUBLE AS "expiresNs", max(late_ns)::DOUBLE AS "lateNs"
    FROM timers WHERE ${the.sick.captured} AND operation = 'start' AND late_ns > ${SLACK_NS} AND tid IS NOT NULL AND pid IS NOT NULL
    GROUP BY node, collector, tid ORDER BY "lateNs" DESC, tid LIMIT 100`)
  return rows.map((row) => ({
    ...row,
    process: the.targets.find(({ pid }) => pid === row.pid)?.comm ?? row.comm,
  }))
}

/** One candidate for each process: the thread that was the longest past its expiry, and how many others. */
export async function restartedWaits(the: Case): Promise<Candidate[]> {
  const passed = (await passedTimers(the)).filter(({ process }) => !isObserver(process))
  return [...Map.groupBy(passed, ({ node, pid }) => `${node} ${pid}`).values()].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const { node, pid, tid, comm, process, expiresNs, lateNs } = first
    const who = capital(threadName(tid, comm, process))
    const others = same.length > 1 ? `, as had those of ${count(same.length - 1)} others` : ''
    const candidate: Candidate = {
      kind: 'overdue',
      layer: 'kernel',
      stage: 'contradiction',
      subject: { node, pid, tid, comm: process },
      statement:
        `${who} began its wait anew after a stop, with an expiry of ${duration(expiresNs)} since boot, which had passed ` +
        `${duration(lateNs)} before the stop${others}: its timer had not fired.`,
      brief: `${who} had to be stopped to leave a wait that was ${duration(lateNs)} past its expiry`,
      effect: { value: lateNs, unit: 'ns', reference: 0 },
      comparison: the.comparisons.make(CHANCE_OF_LATE ** (lateNs > 10 * SLACK_NS ? 2 : 1), 'rules'),
      big: true,
      standsAlone: true,
      sql: query(`
        SELECT capture, ts, tid, comm, function, expires_ns / 1e9 AS expires_s, now_ns / 1e9 AS began_anew_s, late_ns / 1e9 AS late_s
        FROM timers WHERE ${the.sick.captured} AND node = ${literal(node)} AND pid = ${pid} AND operation = 'start' AND late_ns > 0
        ORDER BY late_ns DESC`),
      about: [`thread:${tid}`, `comm:${process}`, 'effect:past-deadline'],
      weight: 10 + Math.log10(lateNs),
      key: `restarted ${node} ${pid}`,
    }
    return [candidate]
  })
}
