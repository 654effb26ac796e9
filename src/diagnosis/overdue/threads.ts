/** Threads in a timed wait that has not ended although its time is over. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { waitingThreads, type WaitingThread } from '../case/waiting.ts'
import { capital, count, duration, threadName } from '../statement/format.ts'

/** Timer slack, late timers and a busy host: what a healthy wait may be late. */
const SLACK_NS = 250_000_000
/** Chance that a healthy wait is later than the slack at one look; a second look that finds it still there is another. */
const CHANCE_OF_LATE = 0.005

export async function overdueThreads(the: Case): Promise<Candidate[]> {
  const threads = await waitingThreads(the)
  const listings = new Map<string, number>()
  for (const node of new Set(threads.map((thread) => thread.node)))
    listings.set(node, await listingsWithoutLate(the, node))
  return threads.flatMap((thread) => {
    const lateness = latenessOf(thread)
    if (lateness === undefined || isObserver(thread.process)) return []
    const { asked, late } = lateness
    const violated = thread.still && late > Math.max(SLACK_NS, asked * 0.1)
    const p = violated ? CHANCE_OF_LATE ** Math.min(2, thread.looks) : 1
    const comparison = the.comparisons.make(p, 'rules')
    if (!violated) return []
    const looked = listings.get(thread.node) ?? 0
    const absent =
      looked === 0
        ? ''
        : ` None of the timers that the kernel listed meanwhile (${count(looked)} times) is overdue: that of this thread is not ` +
          `where the kernel looks.`
    const candidate: Candidate = {
      kind: 'overdue',
      layer: 'kernel',
      stage: 'contradiction',
      subject: {
        node: thread.node,
        pid: thread.pid,
        tid: thread.tid,
        comm: thread.process,
        call: thread.call,
      },
      statement:
        `${capital(threadName(thread.tid, thread.comm, thread.process))} sleeps in ${thread.call}` +
        `${asked > 0 ? ` with a timeout of ${duration(asked)}` : ''} and is ${duration(late)} past its deadline: its timer did ` +
        `not fire, or its wakeup was lost.${absent}`,
      brief: `${capital(threadName(thread.tid, thread.comm, thread.process))} sleeps in ${thread.call}, ${duration(late)} past its deadline`,
      effect: {
        value: asked + late,
        unit: 'ns',
        reference: asked,
        ...(asked > 0 ? { ratio: (asked + late) / asked } : {}),
      },
      comparison,
      big: true,
      standsAlone: true,
      sql: query(`
        SELECT capture, ts, tid, comm, state, syscall, timeout_ns / 1e9 AS timeout_s, waiting_ns / 1e9 AS waiting_s,
          (ts - deadline_ns) / 1e9 AS past_deadline_s, voluntary_switches
        FROM threads WHERE ${the.sick.captured} AND node = ${literal(thread.node)} AND tid = ${thread.tid} ORDER BY ts`),
      about: [
        `thread:${thread.tid}`,
        `comm:${thread.process}`,
        `call:${thread.call}`,
        'effect:past-deadline',
        'effect:asleep',
      ],
      weight: 20 + Math.log10(late) + thread.looks,
      key: `overdue ${thread.node} ${thread.pid} ${thread.call}`,
    }
    return [candidate]
  })
}

/** How often the timers of a node were listed while it was sick, if none of them was overdue; else 0. */
async function listingsWithoutLate(the: Case, node: string): Promise<number> {
  const [row] = await the.evidence.rows<{ listings: number; late: number }>(`
    SELECT count(DISTINCT (capture, now_ns))::DOUBLE AS listings, count(*) FILTER (now_ns - expires_ns > ${SLACK_NS})::DOUBLE AS late
    FROM timers WHERE ${the.sick.captured} AND node = ${literal(node)} AND now_ns IS NOT NULL AND position IS NOT NULL
      AND clock = 'ktime_get' AND operation IS NULL`)
  return row === undefined || row.late > 0 ? 0 : row.listings
}

/** How long it asked to wait (0 when only the deadline is known), and how long that is over; ns. */
function latenessOf(thread: WaitingThread): { asked: number; late: number } | undefined {
  const { timeoutNs, deadline, asleepSince } = thread
  if (deadline !== null) {
    const asked = asleepSince === null ? 0 : Math.max(0, Number(deadline - asleepSince))
    return { asked, late: Number(thread.last - deadline) }
  }
  if (timeoutNs === null || timeoutNs < 0) return undefined
  // The kernel's account of the last time on a CPU, or else the looks themselves: it was there at the first.
  const since = asleepSince !== null && asleepSince < thread.first ? asleepSince : thread.first
  return { asked: timeoutNs, late: Number(thread.last - since) - timeoutNs }
}
