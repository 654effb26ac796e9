/** Distributions under the names and in the formats of Fallout's reports. */
import {
  buckets,
  deviation,
  maximum,
  mean,
  minimum,
  percentile,
  type Histogram,
} from '../../base/hdr/histogram.ts'
import type { PerformedRun } from './performance.ts'
import type { Series } from './series.ts'

const NS_PER_MS = 1e6
/** Lines from one half of what is left to the next. */
const TICKS = 5

/** What Java's `outputPercentileDistribution` prints, in ms, with throughput and times in front. */
export function distributionText({ whole: { histogram, operations, seconds }, began }: Series): string {
  const time = (at: number): string => new Date(at * 1000).toISOString()
  return [
    `#[Throughput = ${(operations / seconds).toFixed(1)} op/s]`,
    `#[Start = ${time(began)}, End = ${time(began + seconds)}, Duration = ${seconds.toFixed(1)} s]`,
    ...percentileLines(histogram),
    '',
  ].join('\n')
}

/** The lines of org.HdrHistogram.AbstractHistogram.outputPercentileDistribution. */
export function percentileLines(histogram: Histogram): string[] {
  const { total, geometry } = histogram
  const lines = ['       Value     Percentile TotalCount 1/(1-Percentile)', '']
  // Java rounds the shortest decimal form of a share, which may lie a hair above the share itself.
  const row = (high: number, share: number, count: number): string => {
    const start = `${(high / NS_PER_MS).toFixed(geometry.digits).padStart(12)} ${(share + Number.EPSILON).toFixed(12)} ${String(count).padStart(10)}`
    return share === 1 ? start : `${start} ${(1 / (1 - share)).toFixed(2).padStart(14)}`
  }
  let level = 0
  let seen = 0
  for (const { high, count } of buckets(histogram)) {
    seen += count
    const reached = (100 * seen) / total
    // The last bucket ends the list, however many levels lie in it.
    for (let more = true; more && level <= reached; more = seen < total) {
      lines.push(row(high, level / 100, seen))
      level += 100 / (TICKS * 2 ** (Math.floor(Math.log2(100 / (100 - level))) + 1))
    }
    if (seen === total) lines.push(row(high, 1, seen))
  }
  const figures = (value: number): string => (value / NS_PER_MS).toFixed(geometry.digits).padStart(12)
  lines.push(`#[Mean    = ${figures(mean(histogram))}, StdDeviation   = ${figures(deviation(histogram))}]`)
  lines.push(`#[Max     = ${figures(maximum(histogram))}, Total count    = ${String(total).padStart(12)}]`)
  return lines
}

/** Fallout's cockpit-aggregates.json; its p90 is the 90th percentile here, and was the 95th there. */
export function cockpitAggregates({ series }: PerformedRun): unknown[] {
  return series.flatMap(({ name: category, whole: { histogram, operations, seconds } }) => {
    const at = (level: number): number => percentile(histogram, level) / NS_PER_MS
    const values = {
      throughput: operations / seconds,
      min: minimum(histogram) / NS_PER_MS,
      max: maximum(histogram) / NS_PER_MS,
      avg: mean(histogram) / NS_PER_MS,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      p9999: at(99.99),
    }
    return Object.entries(values).map(([name, value]) => ({ component: 'HDR', category, name, value }))
  })
}

/** Fallout's histogram-frequencies: the lower bound of each bucket in ms, and how often it was hit. */
export function frequencies({ whole: { histogram } }: Series): unknown {
  const all = [...buckets(histogram)]
  return {
    listOfBuckets: all.map(({ low }) => low / NS_PER_MS),
    listOfFrequencies: all.map(({ count }) => count),
  }
}
