/**
 * Whether measured quantities of two groups differ, whatever their distribution: the test of Brunner and Munzel (2000),
 * which unlike Mann and Whitney's does not need equal spreads, by permutation where the groups are small (Neubert and
 * Brunner 2007), and the sizes of the difference that go with it.
 */
import { seededRandom } from '../../base/random.ts'

export interface RankComparison {
  /** Two-sided. */
  readonly p: number
  /** Probability that one of `b` exceeds one of `a`, ties as halves: 0.5 is no difference. */
  readonly superiority: number
  /** Median of all differences b - a (Hodges and Lehmann), in the unit of the values. */
  readonly shift: number
}

const PERMUTATIONS = 2000
/** Least groups for which the t approximation is good enough. */
const LARGE = 50

export function compareRanks(a: readonly number[], b: readonly number[], seed = 1): RankComparison {
  const statistic = brunnerMunzel(a, b)
  const pooled = [...a, ...b]
  const differences = b.flatMap((one) => a.map((other) => one - other)).toSorted((x, y) => x - y)
  const shift = differences.length === 0 ? 0 : median(differences)
  const size = Math.abs(statistic.t)
  if (a.length >= LARGE && b.length >= LARGE)
    return { p: 2 * normalTail(size), superiority: statistic.superiority, shift }
  const random = seededRandom(seed)
  let asFar = 1
  for (let round = 0; round < PERMUTATIONS; round++) {
    for (let at = pooled.length - 1; at > 0; at--) {
      const other = random.below(at + 1)
      ;[pooled[at], pooled[other]] = [pooled[other] as number, pooled[at] as number]
    }
    const { t } = brunnerMunzel(pooled.slice(0, a.length), pooled.slice(a.length))
    if (Math.abs(t) >= size * (1 - 1e-9)) asFar++
  }
  return { p: asFar / (PERMUTATIONS + 1), superiority: statistic.superiority, shift }
}

function median(sorted: readonly number[]): number {
  const half = sorted.length >> 1
  const upper = sorted[half] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2
}

/** Mean ranks, ties shared. */
function ranksOf(values: readonly number[]): number[] {
  const order = Array.from(values.keys()).toSorted((x, y) => (values[x] as number) - (values[y] as number))
  const ranks: number[] = []
  for (let from = 0; from < order.length;) {
    let to = from
    while (to + 1 < order.length && values[order[to + 1] as number] === values[order[from] as number]) to++
    for (let at = from; at <= to; at++) ranks[order[at] as number] = (from + to) / 2 + 1
    from = to + 1
  }
  return ranks
}

function brunnerMunzel(a: readonly number[], b: readonly number[]): { t: number; superiority: number } {
  const all = ranksOf([...a, ...b])
  const side = (values: readonly number[], ranks: readonly number[]) => {
    const mean = ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length
    const within = ranksOf(values)
    const spread =
      ranks.reduce((sum, rank, index) => {
        const apart = rank - (within[index] as number) - mean + (values.length + 1) / 2
        return sum + apart * apart
      }, 0) / Math.max(1, values.length - 1)
    return { mean, spread }
  }
  const one = side(a, all.slice(0, a.length))
  const other = side(b, all.slice(a.length))
  const superiority = (other.mean - (b.length + 1) / 2) / a.length
  const variance = a.length * one.spread + b.length * other.spread
  const difference = other.mean - one.mean
  const scale = Math.sqrt(variance) * (a.length + b.length)
  const t =
    difference === 0
      ? 0
      : scale === 0
        ? Math.sign(difference) * 1e9
        : (a.length * b.length * difference) / scale
  return { t, superiority }
}

/** P(Z > z) of a standard normal, z >= 0 (Abramowitz and Stegun 26.2.17, absolute error below 8e-8). */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial
}
