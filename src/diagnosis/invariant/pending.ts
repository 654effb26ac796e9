/** Work is pending on a socket while every thread that waits for exactly that work sleeps, and goes on sleeping. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { socketStates, type SocketState } from '../case/sockets.ts'
import { mechanismOf, waitingThreads, watches, type Mechanism, type WaitingThread } from '../case/waiting.ts'
import { count, duration, list, plain } from '../statement/format.ts'

/**
 * Chance that one look catches a healthy waiter between the arrival of work and its wakeup: microseconds normally, taken
 * as this share of the time to allow for a busy host.
 */
const CHANCE_OF_ONE_LOOK = 0.05
/** Looks closer together than this are one. */
const APART_NS = 200_000_000

interface Sleeper {
  readonly thread: WaitingThread
  readonly mechanism: Mechanism
}

export async function pendingWhileAsleep(the: Case): Promise<Candidate[]> {
  const threads = await waitingThreads(the)
  const sets = await watches(the)
  const pending = (await socketStates(the)).filter(({ least, comm }) => least > 0 && !isObserver(comm))
  const contradictions = pending.flatMap((socket) => {
    const sleepers = threads.flatMap((thread): Sleeper[] => {
      if (thread.node !== socket.node || thread.pid !== socket.pid || thread.state !== 'S') return []
      const mechanism = mechanismOf(thread, socket.fd, sets)
      return mechanism === null ? [] : [{ thread, mechanism }]
    })
    // Somebody who is awake, or who was looked at once and may have moved since, may yet take the work.
    const all = sleepers.length > 0 && sleepers.every(({ thread }) => thread.still)
    return all ? [{ socket, sleepers }] : []
  })
  // One waiter that sleeps over several sockets is one contradiction.
  const byWaiter = Map.groupBy(
    contradictions,
    ({ socket, sleepers }) =>
      `${socket.node} ${socket.pid} ${sleepers.map(({ thread }) => thread.tid).join(',')}`,
  )
  return [...byWaiter.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    return [
      candidateOf(
        the,
        group.map(({ socket }) => socket),
        first.sleepers,
      ),
    ]
  })
}

function candidateOf(the: Case, sockets: readonly SocketState[], sleepers: readonly Sleeper[]): Candidate {
  const [{ thread, mechanism }] = sleepers as readonly [Sleeper]
  const [main] = sockets as readonly [SocketState]
  const looks = independentLooks(thread, main)
  const comparison = the.comparisons.make(CHANCE_OF_ONE_LOOK ** looks)
  const queues = sockets.map((socket) => {
    const unit = socket.state === 'LISTEN' ? 'connections not accepted' : 'bytes not read'
    const grew =
      socket.last > socket.least ? `${count(socket.least)} to ${count(socket.last)}` : count(socket.last)
    return `${grew} ${unit} on ${socket.protocol} ${plain(socket.local)}`
  })
  const through =
    mechanism.type === 'epoll'
      ? `epoll instance fd ${mechanism.epoll}${mechanism.edge ? ' (edge-triggered)' : ''}, in ${mechanism.call}`
      : mechanism.call
  const who =
    sleepers.length === 1 ? `thread ${thread.tid} (${plain(thread.comm)})` : `all ${sleepers.length} threads`
  const span = Number(thread.last - thread.first)
  const timeout = thread.timeoutNs === -1 ? ' without a timeout' : ''
  const pids = [...new Set(sockets.map(({ inode }) => inode))].filter((inode) => inode !== null)
  return {
    kind: 'invariant',
    layer: 'kernel',
    stage: 'contradiction',
    subject: {
      node: thread.node,
      pid: thread.pid,
      tid: thread.tid,
      comm: thread.process,
      call: thread.call,
      socket: `${main.protocol} ${main.local}`,
    },
    statement:
      `Work is pending while its worker sleeps: ${list(queues)}, and ${who} of ${plain(thread.process)}, which should take ` +
      `it through ${through}, slept there${timeout} at all ${looks} looks over ${duration(span)} without one context switch.`,
    effect: { value: sockets.reduce((sum, { last }) => sum + last, 0), unit: 'pending', reference: 0 },
    comparison,
    big: looks >= 2,
    standsAlone: true,
    sql: query(`
      SELECT 'thread' AS what, ts, capture, tid AS id, comm AS name, coalesce(syscall, '') || ' ' || coalesce(syscall_args, '') AS doing,
        voluntary_switches AS figure
      FROM threads WHERE ${the.sick.captured} AND node = ${literal(thread.node)} AND pid = ${thread.pid}
        AND tid IN (${sleepers.map((one) => one.thread.tid).join(', ')})
      UNION ALL
      SELECT 'queue', ts, capture, pid, protocol || ' ' || local, state, recv_queue
      FROM sockets WHERE ${the.sick.captured} AND node = ${literal(thread.node)} AND pid = ${thread.pid}
        AND ${pids.length === 0 ? `local = ${literal(main.local)}` : `inode IN (${pids.join(', ')})`}
      ORDER BY what DESC, ts`),
    about: [
      ...sockets.map((socket) => `socket:${socket.protocol} ${socket.local}`),
      ...sleepers.map((one) => `thread:${one.thread.tid}`),
      `comm:${thread.process}`,
      `call:${thread.call}`,
      'effect:pending',
      'effect:asleep',
    ],
    weight: sockets.length + looks,
    key: `pending ${thread.node} ${thread.pid} ${thread.tid}`,
  }
}

/** Looks at which both were seen: as many as the poorer of both has, and no closer together than APART_NS. */
function independentLooks(thread: WaitingThread, socket: SocketState): number {
  const span = Number(thread.last - thread.first)
  return Math.max(1, Math.min(thread.looks, socket.looks, 1 + Math.floor(span / APART_NS)))
}
