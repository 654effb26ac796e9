/** Sockets whose queues are full on the sick side and were not on the reference. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver, isRelevant } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { amount, plain } from '../statement/format.ts'
import { empiricalNull } from '../stats/empirical-null.ts'

interface Queues {
  node: string
  comm: string
  pid: number | null
  protocol: string
  local: string
  listens: boolean
  queue: 'receive' | 'send'
  healthy: number
  sick: number
  looks: number
}

/** Added to both sides of a ratio: bytes of a small message, and one connection of a listener. */
const FEW_BYTES = 4096
const FEW_CONNECTIONS = 1

export async function filledQueues(the: Case): Promise<Candidate[]> {
  const rows = (await the.evidence.rows<Queues>(queueQuery(the))).filter(({ comm }) => !isObserver(comm))
  const few = (row: Queues): number => (row.listens ? FEW_CONNECTIONS : FEW_BYTES)
  const logs = rows.map((row) => Math.log((row.sick + few(row)) / (row.healthy + few(row))))
  const chance = empiricalNull(logs)
  return rows.flatMap((row, i) => {
    const comparison = the.comparisons.make(chance.p(logs[i] ?? 0))
    if ((logs[i] ?? 0) < Math.log(2)) return []
    const unit = row.listens ? 'connections' : 'bytes'
    const what = row.listens ? 'The accept queue' : `The ${row.queue} queue`
    const candidate: Candidate = {
      kind: 'difference',
      layer: 'network',
      stage: 'symptom',
      subject: {
        node: row.node,
        socket: `${row.protocol} ${row.local}`,
        comm: row.comm,
        ...(row.pid === null ? {} : { pid: row.pid }),
      },
      statement:
        `${what} of ${row.protocol} ${plain(row.local)} (${plain(row.comm)}) held ${amount(row.sick, unit)} in the median of ` +
        `${row.looks} looks, against ${amount(row.healthy, unit)} on the reference.`,
      brief: `${what} of ${row.protocol} ${plain(row.local)} holds ${amount(row.sick, unit)}, ${amount(row.healthy, unit)} before`,
      effect: {
        value: row.sick,
        unit,
        reference: row.healthy,
        ...(row.healthy > 0 ? { ratio: row.sick / row.healthy } : {}),
      },
      comparison,
      big: (logs[i] ?? 0) >= Math.log(3) && isRelevant(the, row.comm),
      sql: query(`
        SELECT capture, ts, state, local, remote, recv_queue, send_queue, pid, comm FROM sockets
        WHERE node = ${literal(row.node)} AND protocol = ${literal(row.protocol)} AND local = ${literal(row.local)}
          AND (${the.sick.captured} OR ${the.healthy.captured}) ORDER BY ts`),
      about: [`socket:${row.protocol} ${row.local}`, `comm:${row.comm}`, 'effect:queue'],
      weight: logs[i] ?? 0,
      key: `queue ${row.node} ${row.protocol} ${row.local} ${row.queue}`,
    }
    return [candidate]
  })
}

/** Median over the captures of the sum over all sockets of one local address; a socket absent from the reference had 0. */
const queueQuery = ({ sick, healthy }: Case): string => `
  WITH own AS (
    SELECT node, capture, any_value(${sick.captured}) AS sick, protocol, local, state = 'LISTEN' AS listens, inode,
      max(recv_queue) AS recv_queue, max(send_queue) AS send_queue, arg_min(comm, pid) AS comm, min(pid) AS pid
    FROM sockets WHERE (${sick.captured} OR ${healthy.captured}) AND local IS NOT NULL AND comm IS NOT NULL
    GROUP BY node, capture, protocol, local, listens, inode
  ), sums AS (
    SELECT node, capture, sick, protocol, local, listens, min(comm) AS comm, min(pid) AS pid, queue,
      sum(CASE WHEN queue = 'receive' THEN recv_queue ELSE send_queue END) AS held
    FROM own, (VALUES ('receive'), ('send')) q(queue)
    WHERE NOT (listens AND queue = 'send')
    GROUP BY node, capture, sick, protocol, local, listens, queue
  )
  SELECT node, min(comm) AS comm, min(pid) AS pid, protocol, local, listens, queue,
    coalesce(median(held) FILTER (NOT sick), 0)::DOUBLE AS healthy, median(held) FILTER (sick)::DOUBLE AS sick,
    count(*) FILTER (sick)::DOUBLE AS looks
  FROM sums GROUP BY node, protocol, local, listens, queue
  HAVING count(*) FILTER (sick) > 0 AND coalesce(max(held), 0) > 0
  ORDER BY sick DESC LIMIT 5000`
