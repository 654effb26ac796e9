/**
 * Whether two series differ, and by how much. That two runs of one system differ by more than either scatters is not in
 * these figures: see between-runs.ts. Error rates are simulated in bench/performance.
 *
 * Intervals that follow each other resemble each other: a slow second comes after a slow second. Taken as independent
 * they promise far more than they know. So a series is cut into stretches that are, where it is long enough, several
 * times as long as it remembers (batch means: Law and Carson, Operations Research 27, 1979), and whatever is measured of
 * the whole is measured of each stretch; how these scatter around the whole tells how sure the whole is (sectioning, also
 * for percentiles: Asmussen and Glynn, Stochastic Simulation, 2007, III.5a). Two wholes are compared by Welch's t
 * (Biometrika 34, 1947). What a bucket of the histogram leaves open, size^2 / 12, is added to the variance, so that two
 * series without any scatter do not differ by a rounding (Sheppard, Proc. London Math. Soc. 29, 1897).
 */
import { bucketAt, indexOf, union, type Histogram } from '../../base/hdr/histogram.ts'
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
/** Of each stretch. */
const LEAST_INTERVALS = 2
/** A stretch is so many times as long as the series remembers, by its integrated autocorrelation time, where it can be. */
const MEMORIES = 6
/**
 * A series is so many times as long as it remembers, at least. To ask for more would do harm: what passes then is what
 * happens to look as if it remembered little, and with that as if it scattered little.
 */
const LEAST_MEMORIES = 18
/** A percentile is one of a stretch only when so many operations lie beyond it there. */
const LEAST_BEYOND = 5
const CONFIDENCE = 0.95

/** Every metric of two series, in the order of `metrics`. */
export function differences(baseline: Series, other: Series): (Difference | Unjudged)[] {
  const sides = [cut(baseline), cut(other)] as const
  return metrics.map((metric) => compare(metric, baseline, other, sides))
}

function compare(
  metric: Metric,
  baseline: Series,
  other: Series,
  [first, second]: readonly [Cut, Cut],
): Difference | Unjudged {
  const [was, is] = [metric.of(baseline.whole), metric.of(other.whole)]
  const unjudged = (why: string): Unjudged => ({ metric, baseline: was, value: is, why })
  if (was === undefined || is === undefined) return unjudged('there is no operation')
  if (metric.beyond === 0) return unjudged(MAXIMUM)
  const short = first.tooShort ?? second.tooShort
  if (short !== undefined) return unjudged(short)
  const few = tooFew(metric, [...first.stretches, ...second.stretches], 'a stretch')
  if (few !== undefined) return unjudged(few)
  return welch(
    metric,
    { ...baseline.whole, ...first, value: was, parts: valuesOf(metric, first.stretches) },
    { ...other.whole, ...second, value: is, parts: valuesOf(metric, second.stretches) },
  )
}

/** What is known of a metric: of a whole, or of several wholes, and how it scatters around that. */
export interface Estimate {
  readonly value: number
  readonly parts: readonly number[]
  /** What the variance is multiplied by, since the parts resemble each other; 1. */
  readonly inflation?: number
  /** Whose buckets the value is rounded to. */
  readonly histogram: Histogram
}

/** Two estimates whose parts are independent of each other, compared by Welch's t. */
export function welch(metric: Metric, first: Estimate, second: Estimate): Difference {
  const [a, b] = [squaredError(metric, first), squaredError(metric, second)]
  const error = Math.sqrt(a + b)
  const [n, m] = [first.parts.length, second.parts.length]
  const freedom = (a + b) ** 2 / (a ** 2 / (n - 1) + b ** 2 / (m - 1)) || n - 1
  const difference = second.value - first.value
  const margin = studentQuantile(1 - CONFIDENCE, freedom) * error
  return {
    metric,
    baseline: first.value,
    value: second.value,
    difference,
    low: difference - margin,
    high: difference + margin,
    p: difference === 0 ? 1 : studentTwoSided(difference / error, freedom),
    effect: compareByRanks(first.parts, second.parts).delta,
  }
}

/** Why a metric of such parts tells nothing, if that is so. */
export function tooFew(metric: Metric, parts: readonly Stretch[], part: string): string | undefined {
  const needed = Math.round(LEAST_BEYOND / metric.beyond)
  const operations = parts.reduce((least, one) => Math.min(least, one.operations), Infinity)
  return metric.unit === 'ms' && operations < needed
    ? `too few operations: ${Math.floor(operations)} in ${part}, and ${needed} are needed`
    : undefined
}

export const MAXIMUM = 'a maximum is a single operation, and tells nothing of the next'

const valuesOf = (metric: Metric, parts: readonly Stretch[]): number[] =>
  parts.map((part) => metric.of(part) ?? 0)

/** Squared standard error of the value, from the scatter of the parts around it. */
function squaredError(metric: Metric, estimate: Estimate): number {
  const { value, parts, inflation = 1 } = estimate
  const { geometry } = estimate.histogram
  const scatter = parts.reduce((sum, part) => sum + (part - value) ** 2, 0)
  const { size } = bucketAt(geometry, indexOf(geometry, value * 1e6))
  const rounding = metric.unit === 'ms' ? (size / 1e6) ** 2 / 12 : 0
  return (inflation * scatter) / ((parts.length - 1) * parts.length) + rounding
}

/** A series in stretches. */
interface Cut {
  readonly stretches: readonly Stretch[]
  readonly inflation: number
  /** Why they tell nothing, if that is so. */
  readonly tooShort?: string
}

/**
 * Cuts into stretches of equal numbers of intervals, as many as are independent, and a few in any case. What the means of
 * neighbours have in common is missing in their scatter: of an autoregression with the autocorrelation time t, in stretches
 * of n intervals, the share (t - 1 / t) / 2n of the variance. With more of that there were more false alarms.
 */
function cut({ intervals }: Series): Cut {
  const memory = metrics.reduce((most, metric) => {
    if (metric.beyond === 0) return most
    const values = intervals.map((interval) => metric.of(interval)).filter((value) => value !== undefined)
    return Math.max(most, values.length < 4 ? 1 : autocorrelationTime(values))
  }, 1)
  const { length } = intervals
  const short = (what: string, least: number): Cut => ({
    stretches: [],
    inflation: 1,
    tooShort: `too short: ${what}, and ${least} are needed`,
  })
  const least = LEAST_STRETCHES * LEAST_INTERVALS
  if (length < least) return short(`${length} intervals`, least)
  const independent = Math.floor(length / memory)
  if (independent < LEAST_MEMORIES) return short(`${independent} independent intervals`, LEAST_MEMORIES)
  const independentStretches = Math.floor(length / Math.max(LEAST_INTERVALS, MEMORIES * memory))
  const count = Math.min(MOST_STRETCHES, Math.max(LEAST_STRETCHES, independentStretches))
  const stretches = Array.from({ length: count }, (_, index) =>
    together(
      intervals.slice(Math.round((index * length) / count), Math.round(((index + 1) * length) / count)),
    ),
  )
  return { stretches, inflation: 1 / (1 - (memory - 1 / memory) / (2 * (length / count))) }
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
