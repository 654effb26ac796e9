/** Threads in a timed wait that has not ended although its time is over. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { waitingThreads } from '../case/waiting.ts'
import { duration, plain } from '../statement/format.ts'

/** Timer slack, late timers and a busy host: what a healthy wait may be late. */
const SLACK_NS = 250_000_000
/** Chance that a healthy wait is later than the slack. */
const CHANCE_OF_LATE = 0.005

export async function overdueThreads(the: Case): Promise<Candidate[]> {
  return (await waitingThreads(the)).flatMap((thread) => {
    const { timeoutNs } = thread
    if (timeoutNs === null || timeoutNs < 0 || thread.looks < 2 || isObserver(thread.process)) return []
    const seen = Number(thread.last - thread.first)
    const late = seen - timeoutNs
    const violated = thread.still && late > Math.max(SLACK_NS, timeoutNs * 0.1)
    const comparison = the.comparisons.make(violated ? CHANCE_OF_LATE ** Math.min(2, thread.looks - 1) : 1)
    if (!violated) return []
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
        `Thread ${thread.tid} (${plain(thread.comm)}) of ${plain(thread.process)} sleeps in ${thread.call} with a timeout of ` +
        `${duration(timeoutNs)} and has not returned after ${duration(seen)}: its timer did not fire, or its wakeup was lost.`,
      effect: { value: seen, unit: 'ns', reference: timeoutNs, ratio: seen / Math.max(1, timeoutNs) },
      comparison,
      big: true,
      standsAlone: true,
      sql: query(`
        SELECT capture, ts, tid, comm, state, syscall, syscall_args, timeout_ns, voluntary_switches FROM threads
        WHERE ${the.sick.captured} AND node = ${literal(thread.node)} AND tid = ${thread.tid} ORDER BY ts`),
      about: [
        `thread:${thread.tid}`,
        `comm:${thread.process}`,
        `call:${thread.call}`,
        'effect:past-deadline',
        'effect:asleep',
      ],
      weight: Math.log10(seen / Math.max(1, timeoutNs)) + thread.looks,
      key: `overdue ${thread.node} ${thread.pid} ${thread.call}`,
    }
    return [candidate]
  })
}
