/** What is measured of a stretch of operations. */
import { maximum, mean, percentile, type Histogram } from '../../base/hdr/histogram.ts'

/** Operations that ended in some time. Latencies are in ns. */
export interface Stretch {
  readonly seconds: number
  readonly operations: number
  /** Undefined where operations are known of, and not how long they took. */
  readonly histogram: Histogram | undefined
}

export interface Metric {
  readonly id: string
  /** As Fallout's reports call it. */
  readonly fallout: string
  readonly unit: '/s' | 'ms'
  readonly better: 'higher' | 'lower'
  /** Share of the operations that lie beyond it; 0 where that depends on a single one, which cannot be judged. */
  readonly beyond: number
  /** Undefined where there is no operation to measure. */
  of(stretch: Stretch): number | undefined
}

const latency = (
  id: string,
  fallout: string,
  beyond: number,
  measure: (histogram: Histogram) => number,
): Metric => ({
  id,
  fallout,
  unit: 'ms',
  better: 'lower',
  beyond,
  of: ({ histogram }) =>
    histogram === undefined || histogram.total === 0 ? undefined : measure(histogram) / 1e6,
})

const level = (id: string, fallout: string, percent: number): Metric =>
  latency(id, fallout, 1 - percent / 100, (histogram) => percentile(histogram, percent))

export const metrics: readonly Metric[] = [
  {
    id: 'throughput',
    fallout: 'Ops/Sec',
    unit: '/s',
    better: 'higher',
    beyond: 1,
    of: ({ operations, seconds }) => (seconds > 0 ? operations / seconds : undefined),
  },
  latency('mean', 'Latency Avg', 1, mean),
  level('p50', 'Latency Median', 50),
  level('p90', 'Latency 90th', 90),
  level('p95', 'Latency 95th', 95),
  level('p99', 'Latency 99th', 99),
  level('p99.9', 'Latency 99.9th', 99.9),
  latency('max', 'Latency Max', 0, maximum),
]
