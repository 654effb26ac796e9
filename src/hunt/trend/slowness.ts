/**
 * Noise that is slower than AR(1) makes it: a host that drifts under the noise of each night. The autocorrelation of
 * lag 1 knows little of it, and steps explain it well.
 */

/** Lags that are looked at: a tenth of the series, and not more than this. */
const MOST_LAGS = 10
/** Standard errors from which the excess is believed. */
const SURE = 1.645

/**
 * By how much the long-run variance exceeds that of AR(1) with a coefficient, at least 1: what is left of the
 * autocorrelation around the levels when AR(1) is taken out, summed over the lags behind the first, when the sum is
 * significant (Box and Pierce, Journal of the American Statistical Association 65, 1970, with a sign).
 */
export function slowness(values: Float64Array, bounds: readonly number[], coefficient: number): number {
  const n = values.length
  const lags = Math.min(MOST_LAGS, Math.floor(n / 10))
  if (lags < 2) return 1
  const left = flattened(values, bounds)
  const phi = Math.max(0, coefficient)
  for (let i = n - 1; i > 0; i--) left[i] = (left[i] ?? 0) - phi * (left[i - 1] ?? 0)
  let squares = 0
  for (const value of left) squares += value * value
  if (squares === 0) return 1
  let sum = 0
  for (let lag = 2; lag <= lags; lag++) {
    for (let i = lag; i < n; i++) sum += (left[i] ?? 0) * (left[i - lag] ?? 0)
  }
  sum /= squares
  return sum > SURE * Math.sqrt((lags - 1) / n) ? 1 + 2 * sum : 1
}

/** Values around the means of their levels. */
function flattened(values: Float64Array, bounds: readonly number[]): Float64Array {
  const flat = Float64Array.from(values)
  for (let level = 0; level + 1 < bounds.length; level++) {
    const [from, to] = [bounds[level] ?? 0, bounds[level + 1] ?? 0]
    let sum = 0
    for (let i = from; i < to; i++) sum += flat[i] ?? 0
    for (let i = from; i < to; i++) flat[i] = (flat[i] ?? 0) - sum / (to - from)
  }
  return flat
}
