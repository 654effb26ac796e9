/**
 * Connections whose packets are sent again and again and not acknowledged, to peers that calls in flight wait for: the
 * kernel keeps count of it, so that it is seen whether or not a packet went while somebody captured (tcp(7), ss(8)).
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, list, plain } from '../statement/format.ts'
import { expectations, type Expectation } from './expectations.ts'

/** A peer that was asked in vain. */
export interface Deaf {
  readonly peer: Expectation
  readonly sockets: number
  readonly connecting: number
  /** Packets that were sent to it in vain, those that were sent again included. */
  readonly sent: number
}

/** Chance that a peer which is there leaves one packet without an acknowledgement. */
const CHANCE_OF_NO_ANSWER = 0.05
const MOST_NAMED = 2

/** An attempt to connect that is not answered, or a running retransmission timer that has fired before. */
const IN_VAIN = `(state = 'SYN-SENT' OR regexp_matches(coalesce(timer, ''), '^on .* [1-9][0-9]*$'))`

/** Peers that calls wait for and that acknowledge nothing. */
export async function deafPeers(the: Case): Promise<Deaf[]> {
  const all = await expectations(the)
  if (all.length === 0) return []
  const rows = await the.evidence.rows<{
    node: string
    remote: string
    sockets: number
    connecting: number
    again: number
  }>(`
    -- A socket has a row for each of its owners, in each capture.
    WITH deaf AS (
      SELECT node, remote, local, bool_or(state = 'SYN-SENT') AS connecting,
        coalesce(max(TRY_CAST(regexp_extract(timer, '^on .* ([0-9]+)$', 1) AS INTEGER)), 0) AS again
      FROM sockets WHERE ${the.sick.captured} AND starts_with(protocol, 'tcp') AND ${IN_VAIN}
      GROUP BY node, remote, local)
    SELECT node, remote, count(*)::DOUBLE AS sockets, count_if(connecting)::DOUBLE AS connecting,
      sum(again)::DOUBLE AS again
    FROM deaf GROUP BY node, remote`)
  return all.flatMap((peer) => {
    const own = rows.filter(({ node, remote }) => node === peer.node && remote.startsWith(`${peer.address}:`))
    const sum = (of: (row: (typeof rows)[number]) => number): number =>
      own.reduce((total, row) => total + of(row), 0)
    if (own.length === 0) return []
    const sockets = sum((row) => row.sockets)
    return [
      { peer, sockets, connecting: sum((row) => row.connecting), sent: sockets + sum((row) => row.again) },
    ]
  })
}

export async function unansweredConnections(the: Case): Promise<Candidate[]> {
  const byNode = Map.groupBy(await deafPeers(the), ({ peer }) => peer.node)
  return [...byNode.values()].flatMap((deaf) => {
    const [first] = deaf
    if (first === undefined) return []
    const { node, address, comm, pid, call } = first.peer
    const sockets = deaf.reduce((total, one) => total + one.sockets, 0)
    const connecting = deaf.reduce((total, one) => total + one.connecting, 0)
    const sent = deaf.reduce((total, one) => total + one.sent, 0)
    const names = deaf.slice(0, MOST_NAMED).map(({ peer }) => plain(peer.address))
    const left = deaf.length - names.length
    const peers = list(left === 0 ? names : [...names, `${count(left)} more`])
    const brief =
      `${count(sockets)} TCP connections to ${peers} send again and again and are not answered` +
      `${connecting === 0 ? '' : `, ${count(connecting)} of them not even to their first packet (SYN-SENT)`}`
    const candidate: Candidate = {
      kind: 'absence',
      layer: 'network',
      stage: 'contradiction',
      subject: { node, pid, comm, call, socket: address },
      statement: `${brief}; ${call} of ${plain(comm)} (pid ${pid}) waits for that${deaf.length === 1 ? '' : ', as do others'}.`,
      brief,
      effect: { value: sockets, unit: 'connections', reference: 0 },
      comparison: the.comparisons.make(CHANCE_OF_NO_ANSWER ** Math.min(sent, 4), 'rules'),
      big: true,
      sql: query(`
        SELECT capture, ts, state, local, remote, send_queue, timer FROM sockets
        WHERE node = ${literal(node)} AND ${the.sick.captured} AND ${IN_VAIN} ORDER BY ts, remote`),
      about: [...deaf.map(({ peer }) => `peer:${peer.address}`), `call:${call}`, 'effect:unanswered'],
      weight: 6,
      key: `deaf ${node}`,
    }
    return [candidate]
  })
}
