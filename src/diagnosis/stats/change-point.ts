/**
 * Where a series changes its level: PELT (Killick, Fearnhead, Eckley, JASA 107, 2012) with squared error.
 *
 * The penalty is 3 ln n times the noise variance, estimated from first differences (MAD) so that the steps themselves do
 * not count as noise, times the autocorrelation time of the residuals when `correlated` says that samples depend on
 * their predecessors.
 */
import { autocorrelationTime } from './autocorrelation.ts'
import { mean, spread } from './order.ts'

/** Indices at which a new level begins, ascending; none for a series without steps. */
export function changePoints(values: readonly number[], leastSegment = 4): number[] {
  const n = values.length
  if (n < 2 * leastSegment) return []
  const differences = values.slice(1).map((value, i) => value - (values[i] ?? 0))
  const noise = spread(differences) / Math.SQRT2 || (mean(differences.map(Math.abs)) / Math.SQRT2) * 0.1
  if (noise === 0) return []
  const white = 3 * Math.log(n) * noise ** 2
  const found = pelt(values, white, leastSegment)
  if (found.length === 0) return []
  // Positive autocorrelation looks like many small steps: judge again with the noise that the residuals show. Fitting
  // the steps has taken some of it away, hence 4 instead of 3.
  const residuals = residualsOf(values, found)
  const variance = mean(residuals.map((r) => r * r))
  return pelt(
    values,
    Math.max(white, 4 * Math.log(n) * variance * autocorrelationTime(residuals)),
    leastSegment,
  )
}

function residualsOf(values: readonly number[], points: readonly number[]): number[] {
  const bounds = [0, ...points, values.length]
  return bounds.slice(1).flatMap((end, i) => {
    const segment = values.slice(bounds[i], end)
    const level = mean(segment)
    return segment.map((value) => value - level)
  })
}

function pelt(values: readonly number[], penalty: number, least: number): number[] {
  const n = values.length
  const sums = new Float64Array(n + 1)
  const squares = new Float64Array(n + 1)
  for (const [i, value] of values.entries()) {
    sums[i + 1] = (sums[i] ?? 0) + value
    squares[i + 1] = (squares[i] ?? 0) + value * value
  }
  const cost = (from: number, to: number): number => {
    const sum = (sums[to] ?? 0) - (sums[from] ?? 0)
    return (squares[to] ?? 0) - (squares[from] ?? 0) - (sum * sum) / (to - from)
  }
  const best = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY)
  const last = new Int32Array(n + 1)
  best[0] = -penalty
  let candidates = [0]
  for (let end = least; end <= n; end++) {
    for (const start of candidates) {
      if (end - start < least) continue
      const total = (best[start] ?? 0) + cost(start, end) + penalty
      if (total < (best[end] ?? 0)) {
        best[end] = total
        last[end] = start
      }
    }
    candidates = candidates.filter(
      (start) => end - start < least || (best[start] ?? 0) + cost(start, end) <= (best[end] ?? 0),
    )
    candidates.push(end)
  }
  const points: number[] = []
  for (let at = n; at > 0; at = last[at] ?? 0) if ((last[at] ?? 0) > 0) points.push(last[at] ?? 0)
  return points.reverse()
}
