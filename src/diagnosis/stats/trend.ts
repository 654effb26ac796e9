/** Monotone trends: how steep (Theil-Sen) and how sure (Mann-Kendall, corrected for autocorrelation). */
import { lagged } from './autocorrelation.ts'
import { normalTwoSided } from './distributions.ts'
import { median, ranks } from './order.ts'

/** Most points whose pairs are all looked at; longer series are thinned evenly: thousands of slopes have a good median. */
const MOST_POINTS = 120

/** Theil-Sen line: the median of all pairwise slopes (Sen, JASA 63, 1968), through the medians. */
export function theilSen(
  times: readonly number[],
  values: readonly number[],
): { slope: number; intercept: number } {
  const slopes: number[] = []
  const step = Math.max(1, Math.ceil(times.length / MOST_POINTS))
  for (let i = 0; i < times.length; i += step)
    for (let j = i + step; j < times.length; j += step) {
      const dt = (times[j] ?? 0) - (times[i] ?? 0)
      if (dt !== 0) slopes.push(((values[j] ?? 0) - (values[i] ?? 0)) / dt)
    }
  const slope = slopes.length === 0 ? 0 : median(slopes)
  return { slope, intercept: median(values) - slope * median(times) }
}

export interface TrendTest {
  /** Kendall's S: pairs that rise minus pairs that fall. */
  readonly s: number
  /** S over the number of pairs, -1 to 1. */
  readonly tau: number
  readonly z: number
  readonly p: number
  /** What the variance was multiplied by because samples are not independent. */
  readonly inflation: number
}

/**
 * Mann-Kendall trend test (Mann, Econometrica 13, 1945; Kendall 1975), its variance corrected for autocorrelation by
 * Hamed and Rao's factor over the leading lags.
 *
 * The correction never deflates the variance: negative autocorrelation must not make a trend surer here.
 */
export function mannKendall(values: readonly number[], corrected = true): TrendTest {
  const n = values.length
  if (n < 4) return { s: 0, tau: 0, z: 0, p: 1, inflation: 1 }
  let s = 0
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) s += Math.sign((values[j] ?? 0) - (values[i] ?? 0))
  const variance = (n * (n - 1) * (2 * n + 5) - tieVariance(values)) / 18
  const inflation = corrected ? Math.max(1, hamedRaoFactor(values, 'leading')) : 1
  const sd = Math.sqrt(variance * inflation)
  const z = sd > 0 ? (s - Math.sign(s)) / sd : 0
  const pairs = (n * (n - 1)) / 2
  return { s, tau: s / pairs, z, p: sd > 0 ? normalTwoSided(z) : 1, inflation }
}

function tieVariance(values: readonly number[]): number {
  const groups = new Map<number, number>()
  for (const value of values) groups.set(value, (groups.get(value) ?? 0) + 1)
  let sum = 0
  for (const t of groups.values()) sum += t * (t - 1) * (2 * t + 5)
  return sum
}

/**
 * What Hamed and Rao (A modified Mann-Kendall trend test for autocorrelated data, Journal of Hydrology 204, 1998)
 * multiply the variance of S by: the autocorrelation of the ranks of the detrended series at its significant lags.
 *
 * `all` is the published form. `leading` stops at the first lag that is not significantly positive: sample
 * autocorrelations of all lags sum to -1/2 whatever the series, so that the far lags take back what the near ones say.
 */
export function hamedRaoFactor(values: readonly number[], lags: 'all' | 'leading'): number {
  const n = values.length
  const { slope } = theilSen(
    values.map((_, i) => i),
    values,
  )
  const detrended = ranks(values.map((value, i) => value - slope * i)).ranks
  const bound = 1.96 / Math.sqrt(n)
  let sum = 0
  let lag = 0
  for (const rho of lagged(detrended).take(n - 2)) {
    lag++
    if (lags === 'leading' && rho <= bound) break
    if (Math.abs(rho) > bound) sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * rho
  }
  return 1 + (2 / (n * (n - 1) * (n - 2))) * sum
}
