/** Settings and versions that are not the same on both sides: between nodes, or between looks. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { plain } from '../statement/format.ts'

interface ChangedFact {
  node: string
  key: string
  healthy: string
  sick: string
}

/** Facts that change by themselves, whatever happens. */
const RESTLESS =
  /uptime|random|boot_id|uuid|time|date|loadavg|free|avail|entropy|inode-(state|nr)|dentry-state|file-nr|pid_max|ns_last|count$|usage|current|stat$/i

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
