/**
 * What is believed of the two rates before a run was made: how often the behaviour shows in versions with the change,
 * and how often in those without it, as a grid of pairs. A grid, not a pair of Beta distributions, because the rates
 * depend on each other (the new one is the higher), and because two values matter more than all others: a change that
 * breaks always, and an old side that never fails.
 *
 * The weights were chosen so that in simulation (bench/hunt/bisect.ts) the answer is right about as often as it says for
 * each pair of rates by itself, not only on average over what was believed. An old rate up to half of the new one weighs more
 * the higher it is: it misleads most, and is the easiest to rule out.
 */
import type { Count } from '../stats/two-rates.ts'

export interface RateGrid {
  readonly size: number
  /** Prior probability of each pair. */
  readonly prior: Float64Array
  /** Rates of versions with the change, and without. */
  readonly fresh: Float64Array
  readonly old: Float64Array
  /**
   * Where each kind of pairs ends: with the change always and without it never; with it now and then and without it never;
   * now and then on both sides. They stand in this order.
   */
  readonly kinds: readonly number[]
  /** Part of the doubt allowed in an answer that may be left at these rates, in [0, 1]. */
  readonly allowance: Float64Array
}

/** With the change always, without it never. */
const ALWAYS = 0.42
/** With the change now and then, without it never. What is left: without it now and then as well. */
const NEVER = 0.43
/** The least rate that is thought of. */
const LEAST = 0.004
const STEPS = 20
/**
 * Old rates that are thought of, as fractions of the new one, each with its weight. Those near to the new rate get little,
 * for that lets hunts look longer for what is rare; with none, a change from 0.7 to 1 is answered wrongly nearly always.
 */
const FRACTIONS = [
  [0.12, 0.12],
  [0.2, 0.2],
  [0.3, 0.3],
  [0.42, 0.42],
  [0.6, 0.1],
  [0.8, 0.05],
  [0.9, 0.02],
] as const
/** What is held even in the order of magnitude of the new rate, when the old side never fails; the rest about a half. */
const BY_MAGNITUDE = 0.08

/**
 * Some hunts whose new side fails now and then, or whose old side fails as well, end early, deceived: it looked as if the one
 * always did, and the other never. Those that notice, and those that look so, have to make up for them; and rates are the
 * easier mistaken the lower they are. Nobody is deceived who knows that it comes without the change.
 */
const allowanceOf = (fresh: number, old: number, isKnown: boolean): number =>
  old > 0 ? (isKnown ? 0.5 : 0.3) : fresh === 1 ? 0.85 : 0.68 - 0.05 * Math.log2(1 / fresh)

export const binaryEntropy = (p: number): number =>
  p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p))

/**
 * How probable runs are at each of several rates, to a scale that they share: the largest is 1.
 * @param shown how many showed the behaviour
 * @param clean how many did not
 */
export function scaledLikelihoods(
  shown: number,
  clean: number,
  sides: readonly ArrayLike<number>[],
): number[][] {
  const logs = sides.map((rates) =>
    Array.from(
      rates,
      (rate) => (shown === 0 ? 0 : shown * Math.log(rate)) + (clean === 0 ? 0 : clean * Math.log1p(-rate)),
    ),
  )
  const most = Math.max(...logs.flat())
  return logs.map((side) => side.map((log) => Math.exp(log - most)))
}

/** @param before runs without the change that were made already */
export function rateGrid(before: Count = { shown: 0, runs: 0 }): RateGrid {
  // Even in the logit, so that rates near one are told apart as well as those near zero.
  const [from, to] = [Math.log(LEAST / (1 - LEAST)), Math.log(0.99 / 0.01)]
  const rates = Array.from(
    { length: STEPS },
    (_, step) => 1 / (1 + Math.exp(-(from + ((to - from) * (step + 0.5)) / STEPS))),
  )
  /** Shares of the steps where the density of a rate r is r^(power - 1) (1 - r)^(fall - 1). */
  const shares = (power: number, fall: number): number[] => {
    const densities = rates.map((rate) => rate ** power * (1 - rate) ** fall)
    const all = densities.reduce((sum, density) => sum + density, 0)
    return densities.map((density) => density / all)
  }
  // The same for each order of magnitude, mixed with one that is highest about a half, for such rates look longest as if it
  // always showed; a test that fails without the change too is noticed as a flaky one because it fails often.
  const [byMagnitude, byStep, flaky] = [shares(0, 1), shares(1.25, 2), shares(2, 1)]
  const fractions = FRACTIONS.reduce((sum, [, weight]) => sum + weight, 0)
  const pairs = [
    { fresh: 1, old: 0, weight: ALWAYS },
    ...rates.map((rate, step) => ({
      fresh: rate,
      old: 0,
      weight: NEVER * (BY_MAGNITUDE * (byMagnitude[step] ?? 0) + (1 - BY_MAGNITUDE) * (byStep[step] ?? 0)),
    })),
    ...rates.flatMap((rate, step) =>
      FRACTIONS.map(([fraction, weight]) => ({
        fresh: rate,
        old: rate * fraction,
        weight: ((1 - ALWAYS - NEVER) * (flaky[step] ?? 0) * weight) / fractions,
      })),
    ),
  ]
  const [likelihoods = []] = scaledLikelihoods(before.shown, before.runs - before.shown, [
    pairs.map((pair) => pair.old),
  ])
  const fresh = Float64Array.from(pairs, (pair) => pair.fresh)
  const old = Float64Array.from(pairs, (pair) => pair.old)
  return {
    size: pairs.length,
    prior: Float64Array.from(pairs, ({ weight }, pair) => weight * (likelihoods[pair] ?? 0)),
    fresh,
    old,
    kinds: [1, 1 + rates.length, pairs.length],
    allowance: old.map((rate, pair) => allowanceOf(fresh[pair] ?? 1, rate, before.shown > 0)),
  }
}
