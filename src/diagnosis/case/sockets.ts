/** Sockets of the sick captures with their queues over the looks. */
import type { Case } from './case.ts'

export interface SocketState {
  readonly node: string
  readonly protocol: string
  readonly state: string
  readonly local: string
  readonly remote: string
  readonly inode: bigint | null
  readonly pid: number
  readonly fd: number
  readonly comm: string
  /** Receive queue: least, last and largest over the looks. */
  readonly least: number
  readonly last: number
  readonly most: number
  /** Captures in which it was seen; a capture lists sockets once. */
  readonly looks: number
  readonly from: bigint
  readonly to: bigint
}

/** One row for each socket and owner. */
export async function socketStates(the: Case): Promise<SocketState[]> {
  return the.evidence.rows<SocketState>(`
    SELECT node, protocol, arg_max(state, ts) AS state, local, coalesce(remote, '') AS remote, inode, pid, fd,
      coalesce(arg_max(comm, ts), '') AS comm,
      min(recv_queue)::DOUBLE AS least, arg_max(recv_queue, ts)::DOUBLE AS last, max(recv_queue)::DOUBLE AS most,
      count(DISTINCT capture)::DOUBLE AS looks, min(ts) AS "from", max(ts) AS "to"
    FROM sockets
    WHERE ${the.sick.captured} AND pid IS NOT NULL AND fd IS NOT NULL AND local IS NOT NULL AND recv_queue IS NOT NULL
    GROUP BY node, protocol, local, coalesce(remote, ''), inode, pid, fd ORDER BY last DESC`)
}
