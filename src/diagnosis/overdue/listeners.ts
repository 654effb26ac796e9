/** Listeners whose connections nobody accepts. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver, isRelevant } from '../case/involved.ts'
import { socketStates } from '../case/sockets.ts'
import { literal, query } from '../case/sql.ts'
import { count, plain } from '../statement/format.ts'

/** Chance that a healthy listener has one connection waiting, and each further one (M/M/1 at this load). */
const CHANCE_OF_WAITING = 0.1
const LOAD = 0.3

export async function unservedListeners(the: Case): Promise<Candidate[]> {
  const listeners = (await socketStates(the)).filter(({ state }) => state === 'LISTEN')
  return listeners.flatMap((socket) => {
    if (isObserver(socket.comm)) return []
    const violated = socket.least > 0
    const comparison = the.comparisons.make(
      violated ? CHANCE_OF_WAITING ** socket.looks * LOAD ** Math.min(20, socket.least - 1) : 1,
      'rules',
    )
    if (!violated) return []
    const candidate: Candidate = {
      kind: 'overdue',
      layer: 'network',
      stage: 'contradiction',
      subject: {
        node: socket.node,
        pid: socket.pid,
        comm: socket.comm,
        socket: `${socket.protocol} ${socket.local}`,
      },
      statement:
        `Connections pile up at ${socket.protocol} ${plain(socket.local)}: ${count(socket.last)} wait to be accepted by ` +
        `${plain(socket.comm)} (pid ${socket.pid}).`,
      brief: `${count(socket.last)} connections wait at ${socket.protocol} ${plain(socket.local)} to be accepted by ${plain(socket.comm)}`,
      effect: { value: socket.last, unit: 'connections', reference: 0 },
      comparison,
      // A queue that no probe of the symptom waits in is somebody else's trouble.
      big: socket.last >= 2 && isRelevant(the, socket.comm),
      sql: query(`
        SELECT capture, ts, protocol, local, recv_queue AS waiting, send_queue AS backlog_limit, pid, comm FROM sockets
        WHERE node = ${literal(socket.node)} AND protocol = ${literal(socket.protocol)} AND local = ${literal(socket.local)} ORDER BY ts`),
      about: [
        `socket:${socket.protocol} ${socket.local}`,
        `comm:${socket.comm}`,
        'effect:queue',
        'effect:pending',
      ],
      weight: socket.last,
      key: `listener ${socket.node} ${socket.protocol} ${socket.local}`,
    }
    return [candidate]
  })
}
