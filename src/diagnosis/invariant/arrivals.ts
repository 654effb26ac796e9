/** Work that arrived while its worker slept, as those know who brought it: probes that connected and got no answer. */
import { serves } from '../absence/features.ts'
import type { Case } from '../case/case.ts'
import type { SocketState } from '../case/sockets.ts'
import type { Mechanism, WaitingThread } from '../case/waiting.ts'

/** An attempt that reached the socket of its probe, and nobody behind it. */
export interface Arrival {
  readonly protocol: string
  readonly address: string
  /** Begin and end, ns since the epoch: it arrived between them. */
  readonly from: bigint
  readonly to: bigint
}

/** Attempts of all probes of stream sockets that connected in vain. */
export async function vainAttempts(the: Case): Promise<Arrival[]> {
  const attempts = await the.evidence.rows<{ probe: string; from: bigint; to: bigint }>(`
    SELECT probe, ts AS "from", ts + duration_ns AS "to" FROM probes
    WHERE NOT success AND stage IN ('send', 'receive') AND ts IS NOT NULL AND duration_ns IS NOT NULL ORDER BY ts`)
  const subjects = new Map(the.record.probes.map(({ name, subject }) => [name, subject]))
  return attempts.flatMap(({ probe, from, to }) => {
    const subject = subjects.get(probe)
    if (subject?.type !== 'socket' || subject.protocol === 'udp') return []
    return [{ protocol: subject.protocol, address: subject.address, from, to }]
  })
}

/**
 * How many arrived at these listeners while the thread, which waits for them by these means, slept and was bound to be woken
 * by each of them. A thread that ran in between, however shortly, may have been woken and gone back to sleep: 0.
 */
export function arrivalsInSleep(
  arrivals: readonly Arrival[],
  sockets: readonly SocketState[],
  { thread, mechanism }: { readonly thread: WaitingThread; readonly mechanism: Mechanism },
): number {
  if (!thread.still || (mechanism.type === 'epoll' && !mechanism.wakes)) return 0
  const since =
    thread.asleepSince !== null && thread.asleepSince < thread.first ? thread.asleepSince : thread.first
  return arrivals.filter(
    ({ protocol, address, from, to }) =>
      from > since && to < thread.last && sockets.some((socket) => serves(socket, protocol, address)),
  ).length
}
