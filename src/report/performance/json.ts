/** A report for programs: `stats` as Fallout has it, and the comparisons. */
import { formatDuration } from '../../base/duration.ts'
import { buckets, minimum, percentile, type Histogram } from '../../base/hdr/histogram.ts'
import { metrics, type Metric } from './metrics.ts'
import type { Compared, Performance } from './performance.ts'
import { answerOf } from './statement.ts'
import type { Interval, Series } from './series.ts'

/** Columns of `intervals` in Fallout's order, and behind them those that it does not have. */
const columns: readonly { readonly name: string; of(interval: Interval): number | null }[] = [
  ...['throughput', 'mean', 'p50', 'p95', 'p99', 'p99.9'].map((id) => metricColumn(id)),
  { name: 'Ops/Interval (like Cockpit)', of: ({ operations }) => Math.round(operations) },
  { name: 'time', of: ({ at }) => Number(at.toFixed(2)) },
  ...['p90', 'max'].map((id) => metricColumn(id)),
]

function metricColumn(id: string): { name: string; of(interval: Interval): number | null } {
  const metric = metrics.find((one) => one.id === id)
  if (metric === undefined) throw new Error(`there is no metric ${id}`)
  const digits = metric.unit === 'ms' ? 3 : 1
  return {
    name: metric.fallout,
    of: (interval) => {
      const value = metric.of(interval)
      return value === undefined ? null : Number(value.toFixed(digits))
    },
  }
}

/** One object, with a newline at its end. */
export function performanceJson(performance: Performance): string {
  const { title, verdict, runs, baseline, comparisons, notes } = performance
  const stats = runs.flatMap(({ name, series }) => series.map((one) => statsOf(name, one)))
  const object = {
    title,
    verdict,
    answer: answerOf(performance),
    baseline: runs.slice(0, baseline).map(({ name }) => name),
    stats,
    comparisons: comparisons.map(comparisonOf),
    notes,
  }
  return `${JSON.stringify(object)}\n`
}

function statsOf(run: string, { name, intervals, whole }: Series): Record<string, unknown> {
  const { histogram, operations, seconds } = whole
  const of = (metric: Metric | undefined): string => `${(metric?.of(whole) ?? 0).toFixed(3)} ms`
  const latency = (id: string): string => of(metrics.find((one) => one.id === id))
  const milliseconds = (value: number): string => `${(value / 1e6).toFixed(3)} ms`
  return {
    revision: run,
    test: name,
    metrics: columns.map((column) => column.name),
    intervals: intervals.map((interval) => columns.map((column) => column.of(interval))),
    'Test Duration': formatDuration(seconds * 1000),
    'Total Operations': operations,
    'Op Rate': `${Math.round(operations / seconds)} op/sec`,
    'Min Latency': milliseconds(minimum(histogram)),
    'Avg Latency': latency('mean'),
    'Median Latency': latency('p50'),
    '90th Latency': latency('p90'),
    '95th Latency': latency('p95'),
    '99th Latency': latency('p99'),
    '99.9th Latency': latency('p99.9'),
    'Max Latency': latency('max'),
    'Median Absolute Deviation': milliseconds(medianDeviation(histogram)),
    'Interquartile Range': milliseconds(percentile(histogram, 75) - percentile(histogram, 25)),
  }
}

/** The median of the distances from the median. */
function medianDeviation(histogram: Histogram): number {
  const centre = percentile(histogram, 50)
  const distances = [...buckets(histogram)]
    .map(({ middle, count }) => ({ distance: Math.abs(middle - centre), count }))
    .toSorted((a, b) => a.distance - b.distance)
  let seen = 0
  for (const { distance, count } of distances) {
    seen += count
    if (seen * 2 >= histogram.total) return distance
  }
  return 0
}

function comparisonOf({ run, series, difference, judgement }: Compared): Record<string, unknown> {
  const { metric, baseline = null, value = null } = difference
  const sides = { run, series, metric: metric.id, unit: metric.unit, baseline, value, judgement }
  if (!('p' in difference)) return { ...sides, why: difference.why }
  const { low, high, p, effect } = difference
  return { ...sides, difference: difference.difference, low, high, p, effect }
}
