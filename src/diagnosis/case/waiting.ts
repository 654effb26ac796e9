/** Who waits for what: threads in the kernel, matched to the descriptors and epoll sets that they wait for. */
import type { Case } from './case.ts'
import { argumentOf, EPOLLET, tellsOfInput, waitOf } from '../knowledge/waits.ts'

/** A thread as it was seen over the looks of the sick side, waiting in one and the same call the whole time. */
export interface WaitingThread {
  readonly node: string
  readonly pid: number
  readonly tid: number
  readonly comm: string
  readonly process: string
  readonly call: string
  readonly args: string
  readonly timeoutNs: number | null
  readonly state: string
  /** First and last look, ns since the epoch, and how many. */
  readonly first: bigint
  readonly last: bigint
  readonly looks: number
  /** When it last was on a CPU, by the kernel's own account; null when unknown. ns since the epoch. */
  readonly asleepSince: bigint | null
  /** Deadline of its wait, ns since the epoch; null when it has none or only a length. */
  readonly deadline: bigint | null
  /** Context switches between the first and the last look. */
  readonly switches: number
  /** Whether it was found asleep in the same call with the same arguments at every look. */
  readonly asleep: boolean
  /** Whether it never ran between the looks either. */
  readonly still: boolean
}

/** A descriptor that an epoll instance watches. */
export interface Watch {
  readonly node: string
  readonly pid: number
  readonly epoll: number
  readonly fd: number
  readonly events: number
}

const isEdgeTriggered = (watch: Watch): boolean => (watch.events & EPOLLET) !== 0

/**
 * Threads of the sick captures, in the last call they were seen in. One that has not been on a CPU over the last looks counts
 * by those: when there are several captures, it may have been well during the first.
 */
export async function waitingThreads(the: Case): Promise<WaitingThread[]> {
  interface Look {
    node: string
    pid: number
    tid: number
    comm: string
    process: string
    call: string
    args: string
    timeout: number | null
    waiting: bigint | null
    deadline: bigint | null
    state: string
    first: bigint
    last: bigint
    looks: number
    switches: number | null
    calls: number
  }
  const rows = await the.evidence.rows<Look>(`
    WITH seen AS (
      SELECT *, max(ts) OVER same - max_by(waiting_ns, ts) OVER same AS still_since FROM threads
      WHERE ${the.sick.captured} AND tid IS NOT NULL AND pid IS NOT NULL AND coalesce(state, '') <> 'Z'
      WINDOW same AS (PARTITION BY node, pid, tid)
    ), counted AS (
      SELECT *, count(*) FILTER (ts >= still_since) OVER (PARTITION BY node, pid, tid) AS looks_since FROM seen
    )
    SELECT node, pid, tid, arg_max(comm, ts) AS comm, coalesce(arg_max(process, ts), arg_max(comm, ts)) AS process,
      coalesce(arg_max(syscall, ts), '') AS call, coalesce(arg_max(syscall_args, ts), '') AS args,
      arg_max(timeout_ns, ts)::DOUBLE AS timeout,
      max(waiting_ns) AS waiting, arg_max(deadline_ns, ts) AS deadline, coalesce(arg_max(state, ts), '') AS state,
      min(ts) AS first, max(ts) AS last, count(DISTINCT ts)::DOUBLE AS looks,
      (max(voluntary_switches + coalesce(involuntary_switches, 0)) - min(voluntary_switches + coalesce(involuntary_switches, 0)))::DOUBLE AS switches,
      count(DISTINCT coalesce(syscall, '') || ' ' || coalesce(syscall_args, '') || ' ' || coalesce(state, ''))::DOUBLE AS calls
    FROM counted WHERE looks_since < 2 OR ts >= still_since
    GROUP BY node, pid, tid ORDER BY node, pid, tid`)
  return rows.map(({ timeout, calls, switches, waiting, ...row }) => ({
    ...row,
    timeoutNs: timeout,
    asleepSince: waiting === null ? null : row.last - waiting,
    switches: switches ?? Number.NaN,
    asleep: calls === 1 && isAsleep(row.state, row.call),
    still: calls === 1 && isAsleep(row.state, row.call) && switches === 0,
  }))
}

/** By its state, or, where that is not known, by being in a system call that waits. */
const isAsleep = (state: string, call: string): boolean =>
  state === '' ? waitOf(call) !== undefined : /^[SDI]/.test(state)

/** Epoll sets of the sick captures. */
export async function watches(the: Case): Promise<Watch[]> {
  const rows = await the.evidence.rows<{
    node: string
    pid: number
    epoll: number
    fd: number
    events: string | null
  }>(`
    SELECT DISTINCT node, pid, fd AS epoll, watched_fd AS fd, events FROM files
    WHERE ${the.sick.captured} AND kind = 'epoll-watch' AND pid IS NOT NULL AND fd IS NOT NULL AND watched_fd IS NOT NULL`)
  return rows.map(({ events, ...row }) => {
    const mask = Number.parseInt(events ?? '', 16)
    return { ...row, events: Number.isNaN(mask) ? 0 : mask }
  })
}

/** How a thread waits for a descriptor of its process: directly, or through an epoll instance; null when it does not. */
export type Mechanism =
  | { readonly type: 'direct'; readonly call: string }
  | {
      readonly type: 'epoll'
      readonly epoll: number
      readonly call: string
      readonly edge: boolean
      /** Whether each arrival must wake a waiter. */
      readonly wakes: boolean
    }

export function mechanismOf(thread: WaitingThread, fd: number, sets: readonly Watch[]): Mechanism | null {
  const wait = waitOf(thread.call)
  if (wait === undefined || wait.argument === undefined) return null
  const argument = argumentOf(thread.args, wait.argument)
  if (argument === undefined) return null
  if (wait.on === 'descriptor') return argument === fd ? { type: 'direct', call: thread.call } : null
  if (wait.on !== 'epoll') return null
  const watch = sets.find(
    (one) => one.node === thread.node && one.pid === thread.pid && one.epoll === argument && one.fd === fd,
  )
  return watch === undefined
    ? null
    : {
        type: 'epoll',
        epoll: argument,
        call: thread.call,
        edge: isEdgeTriggered(watch),
        wakes: tellsOfInput(watch.events),
      }
}
