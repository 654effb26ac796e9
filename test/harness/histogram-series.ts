/** Histograms and series of made-up latencies. */
import { fromCounts, geometryOf, indexOf, union, type Histogram } from '../../src/base/hdr/histogram.ts'
import { normal } from '../../src/diagnosis/synthetic-run.ts'
import type { Interval, Series } from '../../src/report/performance/series.ts'

/** A histogram, of three digits, of values in ns. */
export function histogramOf(values: readonly number[]): Histogram {
  const geometry = geometryOf(3, 1)
  const counts = new Float64Array(indexOf(geometry, Math.max(0, ...values)) + 1)
  for (const value of values) {
    const index = indexOf(geometry, value)
    counts[index] = (counts[index] ?? 0) + 1
  }
  return fromCounts(geometry, counts, values.length)
}

export interface SeriesSketch {
  readonly seed: number
  readonly intervals: number
  readonly operations: number
  /** Latencies are multiplied by this. */
  readonly factor?: number
  /** How much an interval resembles the one before: the coefficient of an autoregression. */
  readonly memory: number
  /** The median latency, ns; 1 ms. Small ones make small histograms, and cheap simulations. */
  readonly centre?: number
}

/** Log-normal latencies, whose level, as the number of operations, wanders from interval to interval. */
export function sketchSeries(sketch: SeriesSketch): Series {
  const { seed, intervals, operations, factor = 1, memory, centre = 1e6 } = sketch
  const noise = normal(seed)
  let level = noise() / Math.sqrt(1 - memory ** 2)
  const made = Array.from({ length: intervals }, (_, at): Interval => {
    level = memory * level + noise()
    const count = Math.max(1, Math.round(operations * Math.exp(-0.1 * level)))
    const values = Array.from({ length: count }, () =>
      Math.round(centre * factor * Math.exp(0.15 * level + 0.5 * noise())),
    )
    return { at, seconds: 1, operations: count, histogram: histogramOf(values) }
  })
  const histogram = union(made.flatMap((one) => one.histogram ?? []))
  if (histogram === undefined) throw new Error('a series needs an interval')
  return {
    name: 'load',
    began: 0,
    intervals: made,
    whole: { seconds: intervals, operations: histogram.total, histogram },
  }
}
