/** Findings with the rows behind them: what their queries give, thinned to what a page can show. */
import { messageOf } from '../base/errors.ts'
import type { Evidence } from '../evidence/query.ts'
import type { Chart, Finding } from '../model/finding.ts'

/** A cell of a query's result, for people: 64-bit integers are exact. */
export type Cell = string | number | bigint | boolean | null | readonly string[]
export type TableRow = Readonly<Record<string, Cell>>

/** A finding with what its chart and its query gave; `error` says why they could not be run. */
export interface ShownFinding {
  readonly finding: Finding
  readonly chart: { readonly spec: Chart; readonly rows: readonly TableRow[] } | null
  readonly rows: readonly TableRow[]
  readonly error: string | null
}

/** The first findings are shown with their rows, the others by their statement and query: a hunt can have hundreds. */
const MOST_WITH_ROWS = 60
const TABLE_ROWS = 20
const BARS = 12
const SERIES = 6
/** Each bucket of time keeps its lowest and its highest value. */
const BUCKETS = 300

/** Runs the queries of the findings; one that fails is shown as failed, and spoils nothing else. */
export async function showFindings(
  findings: readonly Finding[],
  evidence: Evidence,
): Promise<readonly ShownFinding[]> {
  const shown: ShownFinding[] = []
  for (const finding of findings) {
    const nothing = { finding, chart: null, rows: [], error: null }
    shown.push(shown.length < MOST_WITH_ROWS ? await showFinding(finding, evidence) : nothing)
  }
  return shown
}

async function showFinding(finding: Finding, evidence: Evidence): Promise<ShownFinding> {
  const { chart: spec, sql } = finding
  try {
    const rows = await evidence.rows<TableRow>(`SELECT * FROM (${inner(sql)}) LIMIT ${TABLE_ROWS}`)
    const chart = spec === undefined ? null : { spec, rows: await chartRows(spec, evidence) }
    return { finding, chart, rows, error: null }
  } catch (error) {
    return { finding, chart: null, rows: [], error: messageOf(error) }
  }
}

async function chartRows(chart: Chart, evidence: Evidence): Promise<readonly TableRow[]> {
  if (chart.type === 'flame') return []
  if (chart.type === 'lines') return await evidence.rows<TableRow>(await thinned(chart.sql, evidence))
  return await evidence.rows<TableRow>(`SELECT * FROM (${inner(chart.sql)}) LIMIT ${BARS}`)
}

/** The series with the highest peaks, each with the extremes of every bucket of time. */
async function thinned(sql: string, evidence: Evidence): Promise<string> {
  const columns = await evidence.columns(inner(sql))
  const series = columns.some(({ name }) => name === 'series') ? "coalesce(series::VARCHAR, '')" : "''"
  return `
    WITH points AS (
      SELECT ts::BIGINT AS ts, value::DOUBLE AS value, ${series} AS series FROM (${inner(sql)})
      WHERE ts IS NOT NULL AND isfinite(value::DOUBLE)),
    span AS (SELECT min(ts) AS first, greatest(1, (max(ts) - min(ts)) // ${BUCKETS}) AS bucket FROM points),
    peaks AS (SELECT series FROM points GROUP BY series ORDER BY max(value) DESC, series LIMIT ${SERIES})
    SELECT ts, value, series FROM points, span WHERE series IN (FROM peaks)
    QUALIFY row_number() OVER (PARTITION BY series, (ts - first) // bucket ORDER BY value, ts) = 1
      OR row_number() OVER (PARTITION BY series, (ts - first) // bucket ORDER BY value DESC, ts) = 1
    ORDER BY series, ts`
}

/** A query as a subquery; the newline ends a comment at its end. */
const inner = (sql: string): string => `${sql.trim().replace(/;$/, '')}\n`
