/**
 * Normal scores: ranks stretched to the quantiles of a normal (van der Waerden). Whatever the shape of the noise, the
 * scores have the same one, and an outlier weighs no more than its rank; on normal noise nothing is lost (Chernoff and
 * Savage, Annals of Mathematical Statistics 29, 1958).
 */
/** A score for each value; equal values get the same one. */
export function normalScores(values: Float64Array): Float64Array {
  const n = values.length
  const ascending = values.toSorted()
  const scores = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const value = values[i] ?? 0
    // Ranks lie halfway between those below and those not above.
    scores[i] = normalQuantile((below(ascending, value, false) + below(ascending, value, true)) / (2 * n))
  }
  return scores
}

/** How many of ascending values lie below one, or are not above it. */
function below(ascending: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const one = ascending[middle] ?? 0
    if (one < value || (orEqual && one === value)) low = middle + 1
    else high = middle
  }
  return low
}

const CENTRE = {
  above: [
    2.506628277459239, -30.66479806614716, 138.357751867269, -275.9285104469687, 220.9460984245205,
    -39.69683028665376,
  ],
  below: [
    1, -13.28068155288572, 66.80131188771972, -155.6989798598866, 161.5858368580409, -54.47609879822406,
  ],
}
const TAIL = {
  above: [
    2.938163982698783, 4.374664141464968, -2.549732539343734, -2.400758277161838, -0.3223964580411365,
    -0.007784894002430293,
  ],
  below: [1, 3.754408661907416, 2.445134137142996, 0.3224671290700398, 0.007784695709041462],
}
/** Below this probability the formula of the tail holds. */
const TAIL_FROM = 0.02425

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0)

/** Quantile of the standard normal, to a relative error of 1.2e-9 (P. J. Acklam, 2003). */
export function normalQuantile(p: number): number {
  if (p > 1 - TAIL_FROM) return -normalQuantile(1 - p)
  if (p < TAIL_FROM) {
    const q = Math.sqrt(-2 * Math.log(p))
    return polynomial(TAIL.above, q) / polynomial(TAIL.below, q)
  }
  const q = p - 0.5
  return (q * polynomial(CENTRE.above, q * q)) / polynomial(CENTRE.below, q * q)
}
