/**
 * Whether one of two samples is higher, and by how much, looked at after every value.
 *
 * The rank of a new value among those before it is uniform and independent of all ranks before, as long as both samples
 * come from one distribution, whatever that is (Renyi 1962). Bets on these ranks, a high one where the value is of the
 * second sample and a low one where it is of the first, make a test martingale: it exceeds 1/alpha at any time with
 * probability alpha at most (Ville), so that its largest value so far may be used. Betting on exponentially tilted ranks
 * gains as much per value as Wilcoxon's test knows; it is a mixture of tilts, as the size of the difference is not known.
 *
 * A shift is excluded when the test refuses the samples with the second one shifted back. The bets of one side fall with
 * the shift in every single course, so that refusing a shift also refuses all beyond it, as far as the second sample has
 * the distribution of the first one but for a shift.
 */
import { seededRandom } from '../../base/random.ts'

export interface Observed {
  readonly second: boolean
  readonly value: number
}

/** Natural logarithms of the largest evidence so far that the second sample is higher, and that it is lower. */
export interface RankEvidence {
  readonly higher: number
  readonly lower: number
}

const TILTS = [0.25, 0.5, 1, 2, 4, 8]

/** Logarithm of a factor at rank u in (-1, 1) among `count`: its mean over all ranks is 1. */
type Bet = (u: number, count: number) => number

/** Linear in the rank, as Wilcoxon; and by the half that it is in, as Mood's median test, for samples far apart. */
const bets: readonly Bet[] = TILTS.flatMap((tilt): Bet[] => [
  (u, count) => tilt * u - lnSinh(tilt) + lnSinh(tilt / count) + Math.log(count),
  (u, count) =>
    tilt * Math.sign(u) - Math.log(((count - (count % 2)) * Math.cosh(tilt) + (count % 2)) / count),
])

const lnSinh = (x: number): number => (x > 20 ? x - Math.LN2 : Math.log(Math.sinh(x)))

/** @param shift is taken from each value of the second sample first */
export function rankEvidence(sample: readonly Observed[], shift = 0): RankEvidence {
  // Ties are broken by lot, the same whenever it is computed anew.
  const random = seededRandom(20_190_417)
  const before: { readonly value: number; readonly lot: number }[] = []
  const logs = { higher: bets.map(() => 0), lower: bets.map(() => 0) }
  const most = { higher: 0, lower: 0 }
  for (const { second, value: given } of sample) {
    const value = second ? given - shift : given
    const lot = random.next()
    let [low, high] = [0, before.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const one = before[middle]
      if (one !== undefined && (one.value < value || (one.value === value && one.lot < lot))) low = middle + 1
      else high = middle
    }
    before.splice(low, 0, { value, lot })
    const count = before.length
    const u = ((low + 0.5) / count) * 2 - 1
    for (const [index, bet] of bets.entries()) {
      logs.higher[index] = (logs.higher[index] ?? 0) + bet(second ? u : -u, count)
      logs.lower[index] = (logs.lower[index] ?? 0) + bet(second ? -u : u, count)
    }
    most.higher = Math.max(most.higher, lnMean(logs.higher))
    most.lower = Math.max(most.lower, lnMean(logs.lower))
  }
  return most
}

function lnMean(logs: readonly number[]): number {
  const top = Math.max(...logs)
  return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / logs.length)
}

/** Evidence that the samples differ, either way: a bet on each. */
export const evidenceOfDifferentRanks = (sample: readonly Observed[]): number => {
  const { higher, lower } = rankEvidence(sample)
  return lnMean([higher, lower])
}

/** The shifts of the second sample that are not excluded: they hold the true one at all times with this confidence. */
export function shiftInterval(
  sample: readonly Observed[],
  confidence: number,
  guess: number,
): { readonly low: number; readonly high: number } {
  const bound = Math.log(2 / (1 - confidence))
  const values = sample.map(({ value }) => value)
  const width = Math.max(...values) - Math.min(...values)
  const edge = (sign: -1 | 1): number => {
    const excluded = (shift: number): boolean => {
      const { higher, lower } = rankEvidence(sample, shift)
      return (sign > 0 ? lower : higher) >= bound
    }
    let [inside, out] = [guess, guess + sign * 2 * width]
    // Nothing can be excluded yet, not even what lies beyond all that was seen.
    if (!excluded(out)) return sign * Number.POSITIVE_INFINITY
    for (let step = 0; step < 24; step++) {
      const middle = (inside + out) / 2
      if (excluded(middle)) out = middle
      else inside = middle
    }
    return out
  }
  return { low: edge(-1), high: edge(1) }
}
