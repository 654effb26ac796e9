/** Peers that calls or probes wait for, and to which no packet was sent. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, duration, plain } from '../statement/format.ts'

interface Expectation {
  readonly node: string
  readonly address: string
  readonly why: string
  readonly subject: Candidate['subject']
}

/** Chance that a healthy call sends nothing for the whole time of a capture. */
const CHANCE_OF_SILENCE = 0.01

export async function missingPackets(the: Case): Promise<Candidate[]> {
  const looked = the.sick.captures.flatMap(({ rungs }) =>
    rungs.filter(({ collector, status }) => /tcpdump|packet|pcap/.test(collector) && status === 'ok'),
  )
  if (looked.length === 0) return []
  const span = looked.reduce((sum, { from, to }) => sum + Number(BigInt(to) - BigInt(from)), 0)
  const candidates: Candidate[] = []
  for (const { node, address, why, subject } of await expectations(the)) {
    const there = `(destination LIKE ${literal(`${address}%`)} OR source LIKE ${literal(`${address}%`)})`
    const [row] = await the.evidence.rows<{ sick: number; healthy: number; all_sick: number }>(`
      SELECT count(*) FILTER (${the.sick.captured} AND ${there})::DOUBLE AS sick,
        count(*) FILTER (${the.healthy.captured} AND ${there})::DOUBLE AS healthy,
        count(*) FILTER (${the.sick.captured})::DOUBLE AS all_sick
      FROM packets WHERE node = ${literal(node)}`)
    const comparison = the.comparisons.make(
      row === undefined || row.sick > 0 ? 1 : CHANCE_OF_SILENCE,
      'rules',
    )
    if (row === undefined || row.sick > 0) continue
    candidates.push({
      kind: 'absence',
      layer: 'network',
      stage: 'contradiction',
      subject,
      statement:
        `No packet went to or came from ${plain(address)} in ${duration(span)} of capture, although ${why}; ` +
        `${count(row.all_sick)} packets to others were seen, and ${count(row.healthy)} to it on the reference.`,
      effect: { value: 0, unit: 'packets', reference: row.healthy },
      comparison,
      big: true,
      sql: query(`
        SELECT capture, source, destination, count(*) AS packets FROM packets WHERE node = ${literal(node)}
        GROUP BY ALL ORDER BY packets DESC`),
      about: [
        `peer:${address}`,
        ...(subject.call === undefined ? [] : [`call:${subject.call}`]),
        'effect:silent',
      ],
      weight: 5,
      key: `packets ${node} ${address}`,
    })
  }
  return candidates
}

const ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b/

/** Addresses in the arguments of calls that have not returned. */
async function expectations(the: Case): Promise<Expectation[]> {
  const rows = await the.evidence.rows<{
    node: string
    comm: string
    pid: number
    call: string
    args: string
  }>(`
    SELECT DISTINCT node, comm, pid, call, args FROM syscalls
    WHERE ${the.sick.captured} AND NOT coalesce(finished, true) AND args IS NOT NULL LIMIT 1000`)
  const byAddress = new Map<string, Expectation>()
  for (const { node, comm, pid, call, args } of rows) {
    const address = ADDRESS.exec(args)?.[0]
    if (address === undefined || address.startsWith('127.')) continue
    const why = `${call} of ${plain(comm)} (pid ${pid}) waits for it`
    byAddress.set(`${node} ${address}`, {
      node,
      address,
      why,
      subject: { node, pid, comm, call, socket: address },
    })
  }
  return [...byAddress.values()]
}
