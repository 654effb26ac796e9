/** Threads in a timed wait that has not ended although its time is over. */
import { LATE_TIMER_NS } from './timers.ts'
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
  const queues = await listedQueues(the)
  return threads.flatMap((thread) => {
    const lateness = latenessOf(thread)
    if (lateness === undefined || isObserver(thread.process)) return []
    const { asked, late } = lateness
    const violated = thread.still && late > Math.max(SLACK_NS, asked * 0.1)
    const p = violated ? CHANCE_OF_LATE ** Math.min(2, thread.looks) : 1
    const comparison = the.comparisons.make(p, 'rules')
    if (!violated) return []
    const pastNs = Number(thread.last) - late + SLACK_NS
    const listed = queues.filter(({ node, ts }) => node === thread.node && Number(ts) > pastNs)
    const looks = listed.filter(({ monotonic }) => monotonic).length
    const absent =
      looks === 0 || listed.some((queue) => queue.late)
        ? ''
        : ` Of the timers that the kernel listed meanwhile (${looks === 1 ? 'once' : `${count(looks)} times`}) none is overdue: that of ` +
          `this thread is out of its place, or has fired in vain.`
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

interface Listing {
  readonly node: string
  /** When the last of its timers was read, ns. */
  readonly ts: bigint
  /** Each listing has several queues, and one of this clock. */
  readonly monotonic: boolean
  readonly late: boolean
}

/** The queues of the kernel's timers as they were listed while it was sick, and whether a timer in them was overdue. */
async function listedQueues(the: Case): Promise<Listing[]> {
  return the.evidence.rows<Listing>(`
    SELECT node, max(ts) AS ts, clock = 'ktime_get' AS monotonic, bool_or(now_ns - expires_ns > ${LATE_TIMER_NS}) AS late FROM timers
    WHERE ${the.sick.captured} AND now_ns IS NOT NULL AND position IS NOT NULL AND expires_ns > 0 AND operation IS NULL
    GROUP BY node, capture, clock, now_ns`)
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
