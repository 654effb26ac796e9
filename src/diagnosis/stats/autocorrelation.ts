/** How much a series repeats itself: n samples are worth n / tau independent ones. */
import { mean } from './order.ts'

/** Autocorrelation coefficients of lags 1 to `lags`, with the biased (1/n) estimator, which is always a valid sequence. */
export function autocorrelations(values: readonly number[], lags: number): number[] {
  const centre = mean(values)
  const deviations = values.map((value) => value - centre)
  const variance = deviations.reduce((sum, d) => sum + d * d, 0)
  return Array.from({ length: Math.max(0, Math.min(lags, values.length - 1)) }, (_, index) => {
    if (variance === 0) return 0
    let sum = 0
    for (let i = index + 1; i < deviations.length; i++)
      sum += (deviations[i] ?? 0) * (deviations[i - index - 1] ?? 0)
    return sum / variance
  })
}

/**
 * Integrated autocorrelation time, at least 1, summed over pairs of lags while the pairs stay positive.
 *
 * Geyer's initial positive sequence (Practical Markov chain Monte Carlo, Statistical Science 7, 1992).
 */
export function autocorrelationTime(values: readonly number[]): number {
  const rho = autocorrelations(values, Math.min(values.length - 2, 200))
  let tau = 1
  for (let i = 0; i + 1 < rho.length; i += 2) {
    const pair = (rho[i] ?? 0) + (rho[i + 1] ?? 0)
    if (pair <= 0) break
    tau += 2 * pair
  }
  return Math.max(1, Math.min(tau, values.length / 2))
}
