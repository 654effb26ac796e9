/** Work is pending on a socket while every thread that waits for exactly that work sleeps, and goes on sleeping. */
import { probesServedBy } from '../absence/features.ts'
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { socketStates, type SocketState } from '../case/sockets.ts'
import { mechanismOf, waitingThreads, watches, type Mechanism, type WaitingThread } from '../case/waiting.ts'
import { count, duration, list, plain, threadName } from '../statement/format.ts'
import { arrivalsInSleep, vainAttempts, type Arrival } from './arrivals.ts'

/**
 * Chance that one look catches a healthy waiter between the arrival of work and its wakeup: microseconds normally, taken
 * as this share of the time to allow for a busy host. A sleep of a second over pending work is as good as another look.
 */
const CHANCE_OF_ONE_LOOK = 0.05
const LONG_SLEEP_NS = 1e9
/** Looks closer together than this are one. */
const APART_NS = 200_000_000
/** One arrival that wakes nobody may be a thread that is yet to run; so many are none. */
const UNWOKEN = 2
/** Chance of each further connection in the queue of a healthy listener that is this busy (M/M/1: P(N >= n) = load^n). */
const LOAD = 0.3

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
      if (thread.pid !== socket.pid || !the.sameHost(thread.node, socket.node)) return []
      const mechanism = mechanismOf(thread, socket.fd, sets)
      return mechanism === null ? [] : [{ thread, mechanism }]
    })
    // Somebody who is awake may yet take the work. One who woke in between and left it there will not.
    const all = sleepers.length > 0 && sleepers.every(({ thread }) => thread.asleep)
    return all ? [{ socket, sleepers }] : []
  })
  const arrivals = contradictions.length === 0 ? [] : await vainAttempts(the)
  const releases = await kernelReleases(the)
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
        { arrivals, releases },
      ),
    ]
  })
}

interface Circumstances {
  readonly arrivals: readonly Arrival[]
  readonly releases: ReadonlyMap<string, string>
}

/** The release of the kernel of each node that told it. */
async function kernelReleases(the: Case): Promise<Map<string, string>> {
  const rows = await the.evidence.rows<{ node: string; value: string }>(
    `SELECT node, arg_max(value, ts) AS value FROM facts WHERE key = 'kernel.release' AND value IS NOT NULL GROUP BY node`,
  )
  return new Map(rows.map(({ node, value }) => [node, value]))
}

function candidateOf(
  the: Case,
  sockets: readonly SocketState[],
  sleepers: readonly Sleeper[],
  { arrivals, releases }: Circumstances,
): Candidate {
  const [{ thread, mechanism }] = sleepers as readonly [Sleeper]
  const [main] = sockets as readonly [SocketState]
  const looks = independentLooks(thread)
  // Sockets that a probe of the symptom knocks at were suspects before anybody looked.
  const isStated = sockets.some(({ protocol, local }) => probesServedBy(the, `${protocol} ${local}`))
  const comparison = the.comparisons.make(chanceOf(sockets, sleepers), isStated ? 'stated' : 'rules')
  const queues = sockets.map((socket) => {
    const unit = socket.state === 'LISTEN' ? 'connections not accepted' : 'bytes not read'
    const grew =
      socket.last > socket.least ? `${count(socket.least)} to ${count(socket.last)}` : count(socket.last)
    return `${grew} ${unit} on ${socket.protocol} ${plain(socket.local)}`
  })
  const waiting = sockets.map(
    ({ last, state, protocol, local }) =>
      `${count(last)} ${state === 'LISTEN' ? 'connections' : 'bytes'} on ${protocol} ${plain(local)}`,
  )
  const through =
    mechanism.type === 'epoll'
      ? `epoll instance fd ${mechanism.epoll}${mechanism.edge ? ' (edge-triggered)' : ''}, in ${mechanism.call}`
      : mechanism.call
  const who =
    sleepers.length === 1
      ? threadName(thread.tid, thread.comm, thread.process)
      : `all ${sleepers.length} threads of ${plain(thread.process)}`
  const span = sleepOf(thread)
  const timeout = thread.timeoutNs === -1 ? ' without a timeout' : ''
  const slept = thread.still
    ? `has slept there${timeout} for ${duration(span)} (${looks} looks, no context switch)`
    : `was asleep there${timeout} at all ${looks} looks (it woke between them, and left the work where it is)`
  const missed = Math.min(...sleepers.map((sleeper) => arrivalsInSleep(arrivals, sockets, sleeper)))
  const unwoken = missed >= UNWOKEN
  const release = releases.get(thread.node)
  const kernel = release === undefined ? 'the kernel' : `the kernel (${plain(release)})`
  const them = sleepers.length === 1 ? 'it' : 'one of them'
  const pids = [...new Set(sockets.map(({ inode }) => inode))].filter((inode) => inode !== null)
  return {
    kind: 'invariant',
    layer: 'kernel',
    stage: 'contradiction',
    subject: {
      // The network in which the work arrives, where the threads are those of a host with several.
      node: main.node,
      pid: thread.pid,
      tid: thread.tid,
      comm: thread.comm,
      call: thread.call,
      socket: `${main.protocol} ${main.local}`,
      ...(unwoken ? { factor: release === undefined ? 'kernel' : `kernel ${release}` } : {}),
    },
    statement:
      `Work is pending while its worker sleeps: ${list(queues)}, and ${who}, which should take ` +
      `it through ${through}, ${slept}.` +
      (unwoken
        ? ` Meanwhile ${count(missed)} attempts connected to it, each of which was bound to wake ${them}, and ${kernel} never let ${them} ` +
          'run: they were lost below the program.'
        : ''),
    brief:
      `${list(waiting)} ${sockets.length === 1 && main.last === 1 ? 'waits' : 'wait'} in the queue while ${who} ` +
      `${sleepers.length === 1 ? 'sleeps' : 'sleep'} in ${mechanism.call}` +
      (unwoken ? `, and ${kernel} woke ${them} for none of ${count(missed)} that came meanwhile` : ''),
    effect: { value: sockets.reduce((sum, { last }) => sum + last, 0), unit: 'pending', reference: 0 },
    comparison,
    big: true,
    standsAlone: true,
    sql: query(`
      SELECT 'thread' AS what, ts, capture, tid AS id, comm AS name, coalesce(syscall, '') || ' ' || coalesce(syscall_args, '') AS doing,
        voluntary_switches AS figure
      FROM threads WHERE ${the.sick.captured} AND node = ${literal(thread.node)} AND pid = ${thread.pid}
        AND tid IN (${sleepers.map((one) => one.thread.tid).join(', ')})
      UNION ALL
      SELECT 'queue', ts, capture, pid, protocol || ' ' || local, state, recv_queue
      FROM sockets WHERE ${the.sick.captured} AND node = ${literal(main.node)} AND pid = ${thread.pid}
        AND ${pids.length === 0 ? `local = ${literal(main.local)}` : `inode IN (${pids.join(', ')})`}
      ORDER BY what DESC, ts`),
    about: [
      ...sockets.map((socket) => `socket:${socket.protocol} ${socket.local}`),
      ...sleepers.map((one) => `thread:${one.thread.tid}`),
      `comm:${thread.process}`,
      `comm:${thread.comm}`,
      `call:${thread.call}`,
      'effect:pending',
      'effect:asleep',
      ...(unwoken ? ['effect:unwoken'] : []),
    ],
    weight: 20 + sockets.length + looks,
    key: `pending ${thread.node} ${thread.pid} ${thread.tid}`,
  }
}

/** Looks at the thread, no closer together than APART_NS; it slept between them too, since it did not switch. */
const independentLooks = (thread: WaitingThread): number =>
  Math.max(1, Math.min(thread.looks, 1 + Math.floor(Number(thread.last - thread.first) / APART_NS)))

/** How long it has slept at the last look, ns. */
const sleepOf = (thread: WaitingThread): number =>
  Number(
    thread.last -
      (thread.asleepSince !== null && thread.asleepSince < thread.first ? thread.asleepSince : thread.first),
  )

/** Chance of finding this in a healthy process. */
function chanceOf(sockets: readonly SocketState[], sleepers: readonly Sleeper[]): number {
  // A waiter that ran between the looks may have emptied the queue and met new work: its looks are one.
  const still = sleepers.every(({ thread }) => thread.still)
  const looks = still ? Math.min(...sleepers.map(({ thread }) => independentLooks(thread))) : 1
  const long = still && sleepers.every(({ thread }) => sleepOf(thread) >= LONG_SLEEP_NS)
  const deepest = Math.max(...sockets.map(({ state, least }) => (state === 'LISTEN' ? least : 1)))
  return CHANCE_OF_ONE_LOOK ** (looks + (long ? 1 : 0)) * LOAD ** Math.min(20, deepest - 1)
}
