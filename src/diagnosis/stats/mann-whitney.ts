/** Two samples, compared by ranks: no assumption about the shape of latencies or rates. */
import { normalTwoSided } from './distributions.ts'
import { ranks } from './order.ts'

export interface RankComparison {
  /** Two-sided p-value that both come from one distribution. */
  readonly p: number
  /** Cliff's delta, -1 to 1: P(second > first) - P(second < first) (Cliff, Psychological Bulletin 114, 1993). */
  readonly delta: number
}

/** Exact null distribution up to this many pairs; beyond it, or with ties, the normal approximation. */
const EXACT_PAIRS = 400

/**
 * Mann-Whitney U test (Annals of Mathematical Statistics 18, 1947), with ties and continuity corrected for.
 *
 * `inflation` multiplies the variance: pass the autocorrelation time when the samples are a time series.
 */
export function compareByRanks(
  first: readonly number[],
  second: readonly number[],
  inflation = 1,
): RankComparison {
  const n = first.length
  const m = second.length
  if (n === 0 || m === 0) return { p: 1, delta: 0 }
  const all = ranks([...first, ...second])
  const rankSum = all.ranks.slice(n).reduce((sum, rank) => sum + rank, 0)
  const u = rankSum - (m * (m + 1)) / 2
  const delta = (2 * u) / (n * m) - 1
  return { p: pValue(u, n, m, all.tieTerm, inflation), delta }
}

function pValue(u: number, n: number, m: number, tieTerm: number, inflation: number): number {
  if (tieTerm === 0 && inflation === 1 && n * m <= EXACT_PAIRS) return exact(Math.min(u, n * m - u), n, m)
  const total = n + m
  const variance = ((n * m) / 12) * (total + 1 - tieTerm / (total * (total - 1))) * inflation
  if (!(variance > 0)) return 1
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5)
  return normalTwoSided(distance / Math.sqrt(variance))
}

/** 2 P(U <= u): ways to choose ranks by dynamic programming over the smaller ranks first. */
function exact(u: number, n: number, m: number): number {
  // counts[j][s]: subsets of size j of the items seen so far with U statistic s.
  const size = n * m + 1
  const counts = Array.from({ length: m + 1 }, () => new Float64Array(size))
  const empty = counts[0]
  if (empty !== undefined) empty[0] = 1
  for (let item = 0; item < n + m; item++)
    for (let j = Math.min(item + 1, m); j >= 1; j--) {
      const from = counts[j - 1]
      const to = counts[j]
      const below = item - (j - 1)
      if (from === undefined || to === undefined) continue
      for (let s = size - 1; s >= below; s--) to[s] = (to[s] ?? 0) + (from[s - below] ?? 0)
    }
  const row = counts[m] ?? new Float64Array(size)
  let tail = 0
  let all = 0
  for (const [s, count] of row.entries()) {
    all += count
    if (s <= u) tail += count
  }
  return Math.min(1, (2 * tail) / all)
}
