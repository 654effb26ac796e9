/** Probes that still succeed, and take longer. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, duration, plain, times } from '../statement/format.ts'
import { compareByRanks } from '../stats/mann-whitney.ts'
import { median } from '../stats/order.ts'

interface ProbeDurations {
  node: string
  probe: string
  target: string
  healthy: number[] | null
  sick: number[] | null
}

/** Least factor that counts as slower. */
const BIG = 2

export async function slowProbes(the: Case): Promise<Candidate[]> {
  const { healthy, sick, symptom } = the
  if (symptom === null) return []
  const rows = await the.evidence.rows<ProbeDurations>(`
    SELECT node, probe, any_value(target) AS target,
      list(duration_ns::DOUBLE ORDER BY ts) FILTER (${healthy.observed}) AS healthy,
      list(duration_ns::DOUBLE ORDER BY ts) FILTER (${sick.observed}) AS sick
    FROM probes WHERE success AND duration_ns IS NOT NULL GROUP BY node, probe ORDER BY node, probe`)
  return rows.flatMap((row) => {
    if (row.healthy === null || row.sick === null) return []
    const stated = symptom.probes.includes(row.probe)
    const { p, delta } = compareByRanks(row.healthy, row.sick)
    const comparison = the.comparisons.make(p, stated ? 'stated' : 'searched')
    const before = median(row.healthy)
    const during = median(row.sick)
    const ratio = during / Math.max(before, 1)
    if (ratio < BIG || delta <= 0) return []
    const where = `probe = ${literal(row.probe)} AND node = ${literal(row.node)}`
    const candidate: Candidate = {
      kind: 'difference',
      layer: 'symptom',
      stage: 'symptom',
      subject: { node: row.node, probe: row.probe },
      statement:
        `Probe ${plain(row.probe)} (${plain(row.target)}) took ${duration(during)} in the median of ${count(row.sick.length)} attempts while ` +
        `the symptom showed, ${times(ratio)} the ${duration(before)} of ${count(row.healthy.length)} attempts before.`,
      brief: `Probe ${plain(row.probe)} takes ${duration(during)}, ${times(ratio)} as long as before`,
      effect: { value: during, unit: 'ns', reference: before, ratio },
      comparison,
      big: true,
      sql: query(`
        SELECT CASE WHEN ts < ${sick.from} THEN 'before' WHEN ts < ${sick.to} THEN 'during' ELSE 'after' END AS period,
          count(*) AS attempts, median(duration_ns) / 1e6 AS median_ms, max(duration_ns) / 1e6 AS longest_ms
        FROM probes WHERE ${where} GROUP BY period ORDER BY min(ts)`),
      chart: {
        type: 'lines',
        title: `Duration of probe ${row.probe}`,
        unit: 'ms',
        sql: query(`SELECT ts, duration_ns / 1e6 AS value FROM probes WHERE ${where} ORDER BY ts`),
      },
      about: [`probe:${row.probe}`, 'effect:slow'],
      weight: Math.log10(ratio) + (stated ? 100 : 0),
      key: `slow probe ${row.node} ${row.probe}`,
    }
    return [candidate]
  })
}
