/**
 * What is believed of the two rates before a run was made: how often the behaviour shows in versions with the change,
 * and how often in those without it, as a grid of pairs. A grid, not a pair of Beta distributions, because the rates
 * depend on each other (the new one is the higher), and because two values matter more than all others: a change that
 * breaks always, and an old side that never fails.
 *
 * The weights were chosen so that in simulation (bench/hunt/bisect.ts) the answer is right about as often as it says for
 * each pair of rates by itself, not only on average over what was believed. An old rate close to the new one weighs more: it
 * misleads most, and is the easiest to rule out.
 */
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
/** Old rates that are thought of, as fractions of the new one; each weighs as much as it is large. */
const FRACTIONS = [0.12, 0.2, 0.3, 0.42]
/** What is held even in the order of magnitude of the new rate, when the old side never fails; the rest about a half. */
const BY_MAGNITUDE = 0.08

/**
 * Some hunts whose new side fails now and then, or whose old side fails as well, end early, deceived: it looked as if the one
 * always did, and the other never. Those that notice, and those that look so, have to make up for them; and rates are the
 * easier mistaken the lower they are.
 */
const allowanceOf = (fresh: number, old: number): number =>
  old > 0 ? 0.3 : fresh === 1 ? 0.85 : 1 - 0.12 * Math.log2(1 / fresh)

export const binaryEntropy = (p: number): number =>
  p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p))

export function rateGrid(): RateGrid {
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
  const fractions = FRACTIONS.reduce((sum, fraction) => sum + fraction, 0)
  const pairs = [
    { fresh: 1, old: 0, weight: ALWAYS },
    ...rates.map((rate, step) => ({
      fresh: rate,
      old: 0,
      weight: NEVER * (BY_MAGNITUDE * (byMagnitude[step] ?? 0) + (1 - BY_MAGNITUDE) * (byStep[step] ?? 0)),
    })),
    ...rates.flatMap((rate, step) =>
      FRACTIONS.map((fraction) => ({
        fresh: rate,
        old: rate * fraction,
        weight: ((1 - ALWAYS - NEVER) * (flaky[step] ?? 0) * fraction) / fractions,
      })),
    ),
  ]
  const fresh = Float64Array.from(pairs, (pair) => pair.fresh)
  const old = Float64Array.from(pairs, (pair) => pair.old)
  return {
    size: pairs.length,
    prior: Float64Array.from(pairs, ({ weight }) => weight),
    fresh,
    old,
    kinds: [1, 1 + rates.length, pairs.length],
    allowance: old.map((rate, pair) => allowanceOf(fresh[pair] ?? 1, rate)),
  }
}
