/**
 * Whether two series differ, and by how much.
 *
 * Intervals that follow each other resemble each other: a slow second comes after a slow second. Taken as independent
 * they promise far more than they know. So a series is cut into stretches that are several times as long as it
 * remembers (batch means: Law and Carson, Operations Research 27, 1979), and whatever is measured of the whole is
 * measured of each stretch; how these scatter around the whole tells how sure the whole is (sectioning, also for
 * percentiles: Asmussen and Glynn, Stochastic Simulation, 2007, III.5a). Two wholes are compared by Welch's t
 * (Biometrika 34, 1947). What a bucket of the histogram leaves open, size^2 / 12, is added to the variance, so that two
 * series without any scatter do not differ by a rounding (Sheppard, Proc. London Math. Soc. 29, 1897).
 */
import { bucketAt, indexOf, union } from '../../base/hdr/histogram.ts'
import { autocorrelationTime } from '../../diagnosis/stats/autocorrelation.ts'
import { studentTwoSided } from '../../diagnosis/stats/distributions.ts'
import { compareByRanks } from '../../diagnosis/stats/mann-whitney.ts'
import { metrics, type Metric, type Stretch } from './metrics.ts'
import type { Interval, Series } from './series.ts'

export interface Difference {
  readonly metric: Metric
  readonly baseline: number
  readonly value: number
  /** `value` minus `baseline`, and the interval that has it with a confidence of 95 %. */
  readonly difference: number
  readonly low: number
  readonly high: number
  /** Of a difference of 0, two-sided; not yet corrected for the number of comparisons. */
  readonly p: number
  /** Cliff's delta of the stretches, -1 to 1: how much more often the value is the higher one. */
  readonly effect: number
}

/** A metric that cannot be judged, and why. */
export interface Unjudged {
  readonly metric: Metric
  readonly baseline: number | undefined
  readonly value: number | undefined
  readonly why: string
}

const MOST_STRETCHES = 30
/** With fewer the scatter is a guess. */
const LEAST_STRETCHES = 8
/** A stretch is so many times as long as the series remembers, by its integrated autocorrelation time. */
const MEMORIES = 6
/** A percentile is one of a stretch only when so many operations lie beyond it there. */
const LEAST_BEYOND = 5
const CONFIDENCE = 0.95

/** Every metric of two series, in the order of `metrics`. */
export function differences(baseline: Series, other: Series): (Difference | Unjudged)[] {
  const sides = [stretches(baseline), stretches(other)] as const
  return metrics.map((metric) => compare(metric, baseline, other, sides))
}

function compare(
  metric: Metric,
  baseline: Series,
  other: Series,
  [first, second]: readonly [Stretch[], Stretch[]],
): Difference | Unjudged {
  const [was, is] = [metric.of(baseline.whole), metric.of(other.whole)]
  const unjudged = (why: string): Unjudged => ({ metric, baseline: was, value: is, why })
  if (was === undefined || is === undefined) return unjudged('there is no operation')
  if (metric.beyond === 0) return unjudged('a maximum is a single operation, and tells nothing of the next')
  const fewest = Math.min(first.length, second.length)
  if (fewest < LEAST_STRETCHES) {
    return unjudged(`too short: ${fewest} independent stretches, and ${LEAST_STRETCHES} are needed`)
  }
  const needed = Math.round(LEAST_BEYOND / metric.beyond)
  const operations = [...first, ...second].reduce((least, one) => Math.min(least, one.operations), Infinity)
  if (metric.unit === 'ms' && operations < needed) {
    return unjudged(`too few operations: ${Math.floor(operations)} in a stretch, and ${needed} are needed`)
  }
  const [before, after] = [valuesOf(metric, first), valuesOf(metric, second)]
  const [a, b] = [squaredError(metric, baseline, was, before), squaredError(metric, other, is, after)]
  const error = Math.sqrt(a + b)
  const freedom =
    (a + b) ** 2 / (a ** 2 / (before.length - 1) + b ** 2 / (after.length - 1)) || before.length - 1
  const difference = is - was
  const margin = studentQuantile(1 - CONFIDENCE, freedom) * error
  return {
    metric,
    baseline: was,
    value: is,
    difference,
    low: difference - margin,
    high: difference + margin,
    p: difference === 0 ? 1 : studentTwoSided(difference / error, freedom),
    effect: compareByRanks(before, after).delta,
  }
}

const valuesOf = (metric: Metric, parts: readonly Stretch[]): number[] =>
  parts.map((part) => metric.of(part) ?? 0)

/** Squared standard error of the whole, from the scatter of its stretches around it. */
function squaredError(metric: Metric, { whole }: Series, value: number, parts: readonly number[]): number {
  const scatter = parts.reduce((sum, part) => sum + (part - value) ** 2, 0)
  const { geometry } = whole.histogram
  const { size } = bucketAt(geometry, indexOf(geometry, value * 1e6))
  const rounding = metric.unit === 'ms' ? (size / 1e6) ** 2 / 12 : 0
  return scatter / ((parts.length - 1) * parts.length) + rounding
}

/** The series in stretches of equal numbers of intervals, as many as are independent. */
function stretches({ intervals }: Series): Stretch[] {
  const memory = metrics.reduce((most, metric) => {
    if (metric.beyond === 0) return most
    const values = intervals.map((interval) => metric.of(interval)).filter((value) => value !== undefined)
    return Math.max(most, values.length < 4 ? 1 : autocorrelationTime(values))
  }, 1)
  const count = Math.min(MOST_STRETCHES, Math.floor(intervals.length / Math.max(2, MEMORIES * memory)))
  return Array.from({ length: count }, (_, index) =>
    together(
      intervals.slice(
        Math.round((index * intervals.length) / count),
        Math.round(((index + 1) * intervals.length) / count),
      ),
    ),
  )
}

function together(intervals: readonly Interval[]): Stretch {
  const sum = (of: (interval: Interval) => number): number =>
    intervals.reduce((total, interval) => total + of(interval), 0)
  const histograms = intervals.flatMap(({ histogram }) => histogram ?? [])
  return {
    seconds: sum(({ seconds }) => seconds),
    operations: sum(({ operations }) => operations),
    histogram: union(histograms),
  }
}

/** The t that is exceeded, on either side, with probability p. */
function studentQuantile(p: number, freedom: number): number {
  let [low, high] = [0, 1]
  while (studentTwoSided(high, freedom) > p) high *= 2
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (studentTwoSided(middle, freedom) > p) low = middle
    else high = middle
  }
  return high
}
