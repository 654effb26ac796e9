/**
 * Peers that calls in flight wait for: nothing was sent to them, or nothing came back. A bare acknowledgement of TCP says
 * nothing to the peer's program: the kernel sends it by itself, to keep a connection alive too (RFC 1122, 4.2.3.6).
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, duration, list, plain } from '../statement/format.ts'
import { expectations, type Expectation } from './expectations.ts'
import { deafPeers } from './sockets.ts'

/** Packets with something in them, to and from a peer. */
interface Traffic {
  readonly sent: number
  readonly received: number
  readonly healthy: number
}

type Silence = 'nothing sent' | 'nothing received'

/** Chance that a healthy call exchanges nothing for the whole time of a capture; calls to different peers do so apart. */
const CHANCE_OF_SILENCE = 0.01
const MOST_COUNTED = 3
/** Chance that a peer which is there leaves one packet without an answer for so long. */
const CHANCE_OF_NO_ANSWER = 0.2
const MOST_NAMED = 2

export async function missingPackets(the: Case): Promise<Candidate[]> {
  const expected = Map.groupBy(await expectations(the), ({ node }) => node)
  // Where connections are not answered, packets may have gone before the capture and after it.
  const deaf = new Set((await deafPeers(the)).map(({ peer }) => peer.node))
  const candidates: Candidate[] = []
  for (const [node, peers] of expected) {
    const spanNs = listenedOn(the, node)
    if (spanNs === 0) continue
    const seen = await Promise.all(peers.map(async (peer) => ({ peer, ...(await trafficOf(the, peer)) })))
    const all = await packetsOn(the, node)
    for (const what of ['nothing sent', 'nothing received'] as const) {
      const silent = seen.filter(({ sent, received }) =>
        what === 'nothing sent'
          ? sent === 0 && received === 0 && !deaf.has(node)
          : sent > 0 && received === 0,
      )
      const sent = silent.reduce((sum, one) => sum + one.sent, 0)
      const p =
        what === 'nothing sent'
          ? CHANCE_OF_SILENCE ** Math.min(silent.length, MOST_COUNTED)
          : CHANCE_OF_NO_ANSWER ** Math.min(sent, 5)
      const comparison = the.comparisons.make(silent.length === 0 ? 1 : p, 'rules')
      const [first] = silent
      if (first === undefined) continue
      const healthy = silent.reduce((sum, one) => sum + one.healthy, 0)
      candidates.push(candidateOf(first.peer, silent, what, { sent, healthy, all, spanNs, comparison }))
    }
  }
  return candidates
}

function candidateOf(
  peer: Expectation,
  silent: readonly { readonly peer: Expectation }[],
  what: Silence,
  figures: {
    readonly sent: number
    readonly healthy: number
    readonly all: number
    readonly spanNs: number
    readonly comparison: Candidate['comparison']
  },
): Candidate {
  const { node, address, comm, pid, call } = peer
  const { sent, healthy, all, spanNs, comparison } = figures
  const names = silent.slice(0, MOST_NAMED).map((one) => plain(one.peer.address))
  const left = silent.length - names.length
  const peers = list(left === 0 ? names : [...names, `${count(left)} more`])
  const waits = `${call} of ${plain(comm)} (pid ${pid}) ${silent.length === 1 ? 'waits for it' : 'and others wait for them'}`
  const brief =
    what === 'nothing sent'
      ? `No packet with anything in it went to or came from ${peers} in ${duration(spanNs)} of capture, although ${waits}`
      : `${count(sent)} packets went to ${peers} in ${duration(spanNs)} of capture and none came back, while ${waits}`
  return {
    kind: 'absence',
    layer: 'network',
    stage: 'contradiction',
    subject: { node, pid, comm, call, socket: address },
    statement: `${brief}; ${count(all - sent)} other packets were seen, and ${count(healthy)} with these peers on the reference.`,
    brief,
    effect: { value: 0, unit: 'packets', reference: what === 'nothing sent' ? healthy : sent },
    comparison,
    big: true,
    sql: query(`
      SELECT capture, source, destination, flags, count(*) AS packets FROM packets WHERE node = ${literal(node)}
      GROUP BY ALL ORDER BY packets DESC`),
    about: [
      ...silent.map((one) => `peer:${one.peer.address}`),
      `call:${call}`,
      what === 'nothing sent' ? 'effect:silent' : 'effect:unanswered',
    ],
    weight: 5,
    key: `packets ${node} ${what}`,
  }
}

/** For how long packets were captured on a node while it was sick, ns. */
const listenedOn = (the: Case, node: string): number =>
  the.sick.captures
    .flatMap(({ rungs }) => rungs)
    .filter(
      (rung) => /tcpdump|packet|pcap/.test(rung.collector) && rung.status === 'ok' && rung.node === node,
    )
    .reduce((sum, { from, to }) => sum + Number(BigInt(to) - BigInt(from)), 0)

const SAYS_SOMETHING = `NOT (protocol = 'tcp' AND flags = 'A')`

async function trafficOf(the: Case, { node, address }: Expectation): Promise<Traffic> {
  const is = (column: string): string =>
    `(${column} = ${literal(address)} OR starts_with(${column}, ${literal(`${address}:`)}))`
  const [row] = await the.evidence.rows<{ sent: number; received: number; healthy: number }>(`
    SELECT count(*) FILTER (${the.sick.captured} AND ${is('destination')})::DOUBLE AS sent,
      count(*) FILTER (${the.sick.captured} AND ${is('source')})::DOUBLE AS received,
      count(*) FILTER (${the.healthy.captured} AND (${is('source')} OR ${is('destination')}))::DOUBLE AS healthy
    FROM packets WHERE node = ${literal(node)} AND ${SAYS_SOMETHING}`)
  return row ?? { sent: 0, received: 0, healthy: 0 }
}

async function packetsOn(the: Case, node: string): Promise<number> {
  const [row] = await the.evidence.rows<{ packets: number }>(`
    SELECT count(*)::DOUBLE AS packets FROM packets WHERE node = ${literal(node)} AND ${the.sick.captured}`)
  return row?.packets ?? 0
}
