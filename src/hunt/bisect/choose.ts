/** Which version to try next: the one whose outcome tells most of the change, for the time that it takes. */
import type { Random } from '../../base/random.ts'
import type { Beliefs } from './beliefs.ts'
import type { Order } from './order.ts'
import { binaryEntropy } from './rates.ts'

export interface Choice {
  readonly version: number
  /** Expected information on which change it is, in bits. */
  readonly bits: number
  /** Probability that the behaviour shows. */
  readonly shows: number
}

/** What a bit about the rates is worth of a bit about the change: they help later choices, but are not the question. */
const RATES_WORTH = 0.4
/** A change that is this likely is worth confirming, or ruling out, by itself. */
const LIKELY = 0.05

/** Kullback-Leibler divergence in bits: what a run tells whose rate is `rate`, when `other` was the alternative. */
function divergence(rate: number, other: number): number {
  const q = Math.min(1 - 1e-12, Math.max(1e-12, other))
  return (
    (rate > 0 ? rate * Math.log2(rate / q) : 0) +
    (rate < 1 ? (1 - rate) * Math.log2((1 - rate) / (1 - q)) : 0)
  )
}

/** Expected time of a run of a version that shows the behaviour with a probability and tells so many bits; any unit. */
export type Cost = (version: number, shows: number, bits: number) => number

/**
 * The version with the most information per unit of time. Of changes that are likely, what counts is what a run tells
 * about each against all others (the extrinsic Jensen-Shannon divergence of Naghshvar and Javidi, 2013, which sees to it
 * that an answer is not only near but reached; for those that are unlikely it is the mutual information).
 * @param allowed false for versions that cannot be run
 */
export function choose(
  beliefs: Beliefs,
  order: Order,
  allowed: (version: number) => boolean = () => true,
  cost: Cost = () => 1,
): Choice | undefined {
  const { classOf, classes } = beliefs
  const { fresh, old } = classes
  const noise = (rates: Float64Array, unsure: Float64Array): Float64Array =>
    rates.map((rate, one) => (1 - RATES_WORTH) * binaryEntropy(rate) + RATES_WORTH * (unsure[one] as number))
  const unsureFresh = noise(fresh, classes.unsureFresh)
  const unsureOld = noise(old, classes.unsureOld)
  const probability = beliefs.probability
  const size = probability.length
  // What a version adds for each change that it contains, over what it has for one that it does not.
  const [moreShown, moreUnsure] = [new Float64Array(size), new Float64Array(size)]
  let restShown = 0
  let restUnsure = 0
  for (let change = 0; change < size; change++) {
    const weight = probability[change] as number
    const one = classOf[change] as number
    const [lowShown, lowUnsure] = [old[one] as number, unsureOld[one] as number]
    restShown += weight * lowShown
    restUnsure += weight * lowUnsure
    moreShown[change] = weight * ((fresh[one] as number) - lowShown)
    moreUnsure[change] = weight * ((unsureFresh[one] as number) - lowUnsure)
  }
  const candidates = order.candidates(probability)
  const [sumShown, sumUnsure] = order.sums([moreShown, moreUnsure], candidates)
  const likely: number[] = []
  for (let change = 0; change < size; change++)
    if ((probability[change] as number) > LIKELY) likely.push(change)
  /** What is added to the mutual information for the likely changes. */
  const confirming = (version: number, shows: number): number =>
    likely.reduce((sum, change) => {
      const weight = probability[change] as number
      const rates = order.contains(version, change) ? fresh : old
      const rate = rates[classOf[change] as number] as number
      const others = (shows - weight * rate) / Math.max(1e-12, 1 - weight)
      return sum + weight * (divergence(rate, others) - divergence(rate, shows))
    }, 0)
  let best: Choice | undefined
  let bestScore = 1e-12
  for (const version of candidates) {
    if (!allowed(version)) continue
    const shows = restShown + (sumShown?.[version] ?? 0)
    const bits = binaryEntropy(shows) - restUnsure - (sumUnsure?.[version] ?? 0)
    const score = (bits + confirming(version, shows)) / cost(version, shows, bits)
    if (score <= bestScore) continue
    bestScore = score
    best = { version, bits, shows }
  }
  return best
}

/**
 * Several versions to try at once: each is chosen as if those before it had ended already, with outcomes drawn from
 * what is believed. That spreads a batch over what is still open, which the best few of one ranking would not.
 */
export function chooseBatch(
  beliefs: Beliefs,
  order: Order,
  running: readonly number[],
  count: number,
  random: Random,
  ...how: [allowed?: (version: number) => boolean, cost?: Cost]
): Choice[] {
  const imagined = beliefs.copy()
  const imagine = (version: number, shows: number): void => {
    const shown = random.next() < shows ? 1 : 0
    imagined.observe(version, shown, 1 - shown)
  }
  for (const version of running) imagine(version, showing(imagined, order, version))
  const chosen: Choice[] = []
  while (chosen.length < count) {
    const choice = choose(imagined, order, ...how)
    if (choice === undefined) break
    chosen.push(choice)
    if (chosen.length < count) imagine(choice.version, choice.shows)
  }
  return chosen
}

/** Probability that a run of a version shows the behaviour. */
export function showing(beliefs: Beliefs, order: Order, version: number): number {
  const { classOf, classes, probability } = beliefs
  let shows = 0
  for (const [change, weight] of probability.entries()) {
    const rates = order.contains(version, change) ? classes.fresh : classes.old
    shows += weight * (rates[classOf[change] as number] as number)
  }
  return shows
}
