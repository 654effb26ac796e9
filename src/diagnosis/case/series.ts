/** Metric series of a run, thinned so that runs of hours fit in memory; counters become rates. */
import type { Evidence } from '../../evidence/query.ts'
import type { Labels } from '../../model/series.ts'
import { isCounter } from '../knowledge/metrics.ts'

/** A gauge, or the rate per second of a counter. Times are seconds since the workload began. */
export interface Series {
  readonly node: string
  readonly metric: string
  readonly labels: Labels
  /** As stored; for queries. */
  readonly labelText: string
  readonly counter: boolean
  readonly times: readonly number[]
  readonly values: readonly number[]
}

const MOST_POINTS = 600
const LEAST_POINTS = 8

interface RawSeries {
  node: string
  metric: string
  labels: string
  ts: number[]
  vs: number[]
}

/** Series with at least 8 points in [from, to], ns since the epoch. */
export async function loadSeries(evidence: Evidence, from: bigint, to: bigint): Promise<Series[]> {
  const width = Math.max(0.5, Number(to - from) / 1e9 / MOST_POINTS)
  const rows = await evidence.rows<RawSeries>(`
    SELECT node, metric, labels, list(t ORDER BY t) AS ts, list(v ORDER BY t) AS vs
    FROM (
      SELECT node, metric, coalesce(labels, '{}') AS labels, max((ts - ${from}) / 1e9) AS t, arg_max(value, ts) AS v
      FROM samples
      WHERE ts >= ${from} AND ts <= ${to} AND isfinite(value)
      GROUP BY node, metric, labels, floor((ts - ${from}) / 1e9 / ${width})
    )
    GROUP BY node, metric, labels HAVING count(*) >= ${LEAST_POINTS}
    ORDER BY node, metric, labels`)
  return rows.map(({ node, metric, labels, ts, vs }) => {
    const counter = isCounter(metric)
    return {
      node,
      metric,
      labels: parseLabels(labels),
      labelText: labels,
      counter,
      ...(counter ? rates(ts, vs) : { times: ts, values: vs }),
    }
  })
}

/** Per second between consecutive samples; a counter that falls has begun anew. */
function rates(times: readonly number[], values: readonly number[]): { times: number[]; values: number[] } {
  const result: { times: number[]; values: number[] } = { times: [], values: [] }
  for (let i = 1; i < times.length; i++) {
    const dt = (times[i] ?? 0) - (times[i - 1] ?? 0)
    const dv = (values[i] ?? 0) - (values[i - 1] ?? 0)
    if (dt <= 0) continue
    result.times.push(times[i] ?? 0)
    result.values.push((dv < 0 ? (values[i] ?? 0) : dv) / dt)
  }
  return result
}

/** Labels as stored; none of a text that is no JSON object. */
export function parseLabels(text: string): Labels {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null) return {}
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]))
  } catch {
    return {}
  }
}

/** Values of a series in [from, to), seconds. */
export function within(series: Series, from: number, to: number): number[] {
  return series.values.filter((_, i) => (series.times[i] ?? 0) >= from && (series.times[i] ?? 0) < to)
}

/** The series as a person writes it: `name{label="value"}`. */
export function seriesName({ metric, labels }: Pick<Series, 'metric' | 'labels'>): string {
  const inner = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return inner.length === 0 ? metric : `${metric}{${inner.join(',')}}`
}
