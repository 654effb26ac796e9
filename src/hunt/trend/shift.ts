/** By how much a level differs from the one before it. */
import { mean, sorted } from '../../diagnosis/stats/order.ts'
import { studentTwoSided } from '../../diagnosis/stats/distributions.ts'
import type { Shift } from '../../model/trend.ts'
import { normalQuantile } from './scores.ts'

/** Share of the values that is left out at each end: a night that went wrong does not move a level. */
const TRIMMED = 0.2
const CONFIDENCE = 0.95

/** The middle of values and its squared standard error, if they were independent. */
interface Level {
  readonly middle: number
  readonly error: number
  readonly freedom: number
  /** Variance of the values, without their extremes. */
  readonly variance: number
}

/**
 * The level of values: their trimmed mean, with the error of Tukey and McLaughlin (Sankhya A 25, 1963). Of values that
 * are only ever two, such as pass and fail, the mean: their share, with one of each added (Agresti and Caffo, The
 * American Statistician 54, 2000), so that a share of 0 is not free of error.
 */
function levelOf(values: readonly number[], binary: readonly [number, number] | undefined): Level {
  const n = values.length
  if (binary !== undefined) {
    const [low, high] = binary
    const share = (values.filter((value) => value === high).length + 1) / (n + 2)
    const variance = share * (1 - share) * (high - low) ** 2
    return { middle: mean(values), error: variance / (n + 2), freedom: Infinity, variance }
  }
  const cut = Math.floor(TRIMMED * n)
  const ascending = sorted(values)
  const kept = ascending.slice(cut, n - cut)
  const [lowest = 0, highest = 0] = [kept[0], kept.at(-1)]
  const clipped = ascending.map((value) => Math.max(lowest, Math.min(highest, value)))
  const centre = mean(clipped)
  const squares = clipped.reduce((sum, value) => sum + (value - centre) ** 2, 0)
  const share = kept.length / n
  return {
    middle: mean(kept),
    error: squares / Math.max(1, n - 1) / (share * share * n),
    freedom: Math.max(1, kept.length - 1),
    variance: squares / Math.max(1, n - 1) / varianceKept(cut / n),
  }
}

/** Of a standard normal: the variance that is left when values beyond the quantiles `share` and 1 - share are moved there. */
function varianceKept(share: number): number {
  if (share === 0) return 1
  const z = normalQuantile(1 - share)
  const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI)
  return 1 - 2 * share - 2 * z * density + 2 * share * z * z
}

/**
 * The shift from one level to the next. Errors are as of n (1 - memory) / (1 + memory) independent values; the interval
 * is Welch's. It knows nothing of the search that found the step: of steps that were barely found, it tells too much.
 */
export function shiftOf(before: readonly number[], after: readonly number[], memory: number): Shift {
  const distinct = [...new Set([...before, ...after])].toSorted((a, b) => a - b)
  const [low, high] = distinct
  const binary =
    distinct.length === 2 && low !== undefined && high !== undefined ? ([low, high] as const) : undefined
  const [first, second] = [levelOf(before, binary), levelOf(after, binary)]
  const inflation = (1 + memory) / (1 - memory)
  const [a, b] = [first.error * inflation, second.error * inflation]
  const freedom = a + b === 0 ? 1 : (a + b) ** 2 / (a ** 2 / first.freedom + b ** 2 / second.freedom)
  const margin = a + b === 0 ? 0 : studentQuantile(1 - CONFIDENCE, freedom) * Math.sqrt(a + b)
  const difference = second.middle - first.middle
  const [n, m] = [before.length, after.length]
  const noise = Math.sqrt((n * first.variance + m * second.variance) / (n + m))
  return {
    before: first.middle,
    after: second.middle,
    difference,
    low: difference - margin,
    high: difference + margin,
    standardized: noise > 0 ? difference / noise : null,
    points: [n, m],
  }
}

/** The t that is exceeded, on either side, with probability p; of a normal for more than 1,000 degrees of freedom. */
function studentQuantile(p: number, freedom: number): number {
  const degrees = Math.min(1000, freedom)
  let [low, high] = [0, 1]
  while (studentTwoSided(high, degrees) > p) high *= 2
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2
    if (studentTwoSided(middle, degrees) > p) low = middle
    else high = middle
  }
  return high
}
