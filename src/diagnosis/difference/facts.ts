/** Settings and versions that are not the same on both sides: between looks, or between the sick node and its peers. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, oneOf, query } from '../case/sql.ts'
import { count, plain } from '../statement/format.ts'

interface ChangedFact {
  node: string
  key: string
  healthy: string
  sick: string
}

/** Facts that change by themselves, whatever happens. */
const RESTLESS =
  /uptime|random|boot_id|uuid|time|date|loadavg|free|avail|entropy|inode-(state|nr)|dentry-state|file-nr|pid_max|ns_last|count$|usage|current|stat$/i

/** What names a node: differs on each, whatever is the matter. */
const NAMES = /host_?name|address|\bip\b|mac$|serial|machine.?id|nodename|\.cmdline|\.pid$/i

interface PeerFact {
  node: string
  key: string
  own: string
  peers: string
  others: number
}

/** Facts of a node that shows the symptom, on which all its peers agree and it does not. */
export async function peerFacts(the: Case): Promise<Candidate[]> {
  const sick = new Set((the.symptom?.series ?? []).flatMap(({ labels }) => labels['node'] ?? []))
  if (sick.size === 0 || the.record.nodes.length <= sick.size) return []
  const isSick = oneOf('node', [...sick])
  const rows = await the.evidence.rows<PeerFact>(`
    WITH latest AS (SELECT node, key, arg_max(value, ts) AS value FROM facts WHERE key IS NOT NULL GROUP BY node, key),
    agreed AS (
      SELECT key, any_value(value) AS value, count(*)::DOUBLE AS others FROM latest WHERE NOT ${isSick}
      GROUP BY key HAVING count(DISTINCT value) = 1
    )
    SELECT l.node, l.key, l.value AS own, a.value AS peers, a.others FROM latest l JOIN agreed a USING (key)
    WHERE l.${isSick} AND l.value <> a.value ORDER BY l.node, l.key LIMIT 2000`)
  const telling = rows.filter(({ key }) => !RESTLESS.test(key) && !NAMES.test(key))
  return telling.map(({ node, key, own, peers, others }, i) => ({
    kind: 'difference',
    layer: 'host',
    stage: 'context',
    subject: { node, factor: key },
    statement:
      `${plain(key)} is ${plain(own)} on ${plain(node)}, which shows the symptom, and ${plain(peers)} on ` +
      `${others === 1 ? 'the other node' : `all ${count(others)} others`}.`,
    effect: { value: 1, unit: 'change' },
    comparison: null,
    big: false,
    sql: query(`SELECT node, ts, key, value FROM facts WHERE key = ${literal(key)} ORDER BY node, ts`),
    about: [`fact:${key}`],
    weight: 1 - i,
    key: `fact of peers ${node} ${key}`,
  }))
}

/** Facts explain nothing by themselves: they are candidates for factors, shown as context. */
export async function changedFacts(the: Case): Promise<Candidate[]> {
  if (the.sick.captures.length === 0 || the.healthy.captures.length === 0) return []
  const rows = await the.evidence.rows<ChangedFact>(`
    SELECT node, key, arg_max(value, ts) FILTER (${the.healthy.captured}) AS healthy,
      arg_max(value, ts) FILTER (${the.sick.captured}) AS sick
    FROM facts WHERE (${the.sick.captured} OR ${the.healthy.captured}) AND key IS NOT NULL
    GROUP BY node, key HAVING healthy IS NOT NULL AND sick IS NOT NULL AND healthy <> sick ORDER BY node, key LIMIT 2000`)
  const stable = rows.filter(({ key }) => !RESTLESS.test(key))
  return stable.map((row, i) => ({
    kind: 'difference',
    layer: 'host',
    stage: 'context',
    subject: { node: row.node, factor: row.key },
    statement: `${plain(row.key)} was ${plain(row.healthy)} on the reference and ${plain(row.sick)} on the sick side.`,
    effect: { value: 1, unit: 'change' },
    comparison: null,
    big: false,
    sql: query(`
      SELECT ts, node, capture, key, value FROM facts WHERE key = ${literal(row.key)} AND node = ${literal(row.node)} ORDER BY ts`),
    about: [`fact:${row.key}`],
    weight: -i,
    key: `fact ${row.node} ${row.key}`,
  }))
}
