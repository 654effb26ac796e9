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
  /** Entropy of a run at these rates, in bits. */
  readonly unsureFresh: Float64Array
  readonly unsureOld: Float64Array
  /** Part of the doubt allowed in an answer that may be left at these rates, in [0, 1]. */
  readonly allowance: Float64Array
}

/** With the change always, without it never. */
const ALWAYS = 0.33
/** With the change now and then, without it never. What is left: without it now and then as well. */
const NEVER = 0.49
/** The least rate that is thought of. */
const LEAST = 0.004
const STEPS = 20
/** Old rates that are thought of, as fractions of the new one; each weighs as much as it is large. */
const FRACTIONS = [0.12, 0.2, 0.3, 0.42]
/**
 * Some hunts whose old side fails as well end early, deceived: it looked as if it never did. Those that notice have to make
 * up for them.
 */
const NOTICED = 0.3
/** The same for hunts whose new side fails now and then, and that looked at first as if it always did. */
const NOW_AND_THEN = 0.6
/** What is held even in the order of magnitude of the new rate, when the old side never fails; the rest in the rate. */
const BY_MAGNITUDE = 0.15

export const binaryEntropy = (p: number): number =>
  p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p))

export function rateGrid(): RateGrid {
  // Even in the logit, so that rates near one are told apart as well as those near zero.
  const [from, to] = [Math.log(LEAST / (1 - LEAST)), Math.log(0.99 / 0.01)]
  const rates = Array.from(
    { length: STEPS },
    (_, step) => 1 / (1 + Math.exp(-(from + ((to - from) * (step + 0.5)) / STEPS))),
  )
  /** Shares of the steps where the density of a rate r is r^(power - 1). */
  const shares = (power: number): number[] => {
    const densities = rates.map((rate) => rate ** power * (1 - rate))
    const all = densities.reduce((sum, density) => sum + density, 0)
    return densities.map((density) => density / all)
  }
  // The same for each order of magnitude, mixed with the same for each step; a test that fails without the change too
  // is noticed as a flaky one because it fails often.
  const [byMagnitude, byStep, flaky] = [shares(0), shares(1), shares(2)]
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
    unsureFresh: fresh.map(binaryEntropy),
    unsureOld: old.map(binaryEntropy),
    allowance: old.map((rate, pair) => (rate > 0 ? NOTICED : fresh[pair] === 1 ? 1 : NOW_AND_THEN)),
  }
}
