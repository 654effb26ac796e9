/** How much a series repeats itself: n samples are worth n / tau independent ones. */
import { mean } from './order.ts'

/** Autocorrelation coefficients of lags 1 to `lags`, with the biased (1/n) estimator, which is always a valid sequence. */
export const autocorrelations = (values: readonly number[], lags: number): number[] => [
  ...lagged(values).take(Math.max(0, Math.min(lags, values.length - 1))),
]

/** The same one by one, for callers that stop early: each costs a pass over the series. */
export function lagged(values: readonly number[]): IteratorObject<number> {
  const centre = mean(values)
  const deviations = values.map((value) => value - centre)
  const variance = deviations.reduce((sum, d) => sum + d * d, 0)
  return values.keys().map((index) => {
    if (variance === 0) return 0
    let sum = 0
    for (let i = index + 1; i < deviations.length; i++)
      sum += (deviations[i] ?? 0) * (deviations[i - index - 1] ?? 0)
    return sum / variance
  })
}

/** A series that remembers longer than this is all memory. */
const MOST_LAGS = 200

/**
 * Integrated autocorrelation time, at least 1, summed over pairs of lags while the pairs stay positive.
 *
 * Geyer's initial positive sequence (Practical Markov chain Monte Carlo, Statistical Science 7, 1992).
 */
export function autocorrelationTime(values: readonly number[]): number {
  let tau = 1
  let previous: number | undefined
  for (const rho of lagged(values).take(Math.max(0, Math.min(values.length - 2, MOST_LAGS)))) {
    if (previous === undefined) {
      previous = rho
      continue
    }
    if (previous + rho <= 0) break
    tau += 2 * (previous + rho)
    previous = undefined
  }
  return Math.max(1, Math.min(tau, values.length / 2))
}
