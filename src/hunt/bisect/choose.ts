/** Which version to try next: the one whose outcome tells most of the change, for the time that it takes. */
import type { Random } from '../../base/random.ts'
import type { Beliefs } from './beliefs.ts'
import type { Order } from './order.ts'
import { binaryEntropy } from './rates.ts'

export interface Choice {
  readonly version: number
  /** Expected information on which change it is, in bits. */
  readonly bits: number
  /** The same of the version that tells most of it. */
  readonly mostBits: number
  /** Expected information on the kind of the rates, were the change known, in bits. */
  readonly kindBits: number
  /** What the run is chosen by: all these, and what confirms, for the time that it takes. */
  readonly worth: number
  /** Probability that the behaviour shows. */
  readonly shows: number
}

/** A change that is this likely is worth confirming, or ruling out, by itself. */
const LIKELY = 0.05
/** No run confirms more than this, in bits: an answer need not be surer than it is asked to be. */
const MOST_CONFIRMED = 4

/** Information that is none but for rounding, in bits. */
export const NOTHING = 1e-12

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
 * that an answer is not only near but reached; for those that are unlikely it is the mutual information). To it
 * comes what a run tells of the kind of the rates: what is left to doubt at the end is nearly always whether clean runs of
 * versions with the change, or runs that showed the behaviour without it, have deceived.
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
  // What is left to chance in a run of a version with and without the change; and what of it the kind of the rates decides.
  const [unsureFresh, unsureOld] = [fresh.map(binaryEntropy), old.map(binaryEntropy)]
  const kindFresh = unsureFresh.map((all, one) => all - (classes.noiseFresh[one] as number))
  const kindOld = unsureOld.map((all, one) => all - (classes.noiseOld[one] as number))
  const probability = beliefs.probability
  const size = probability.length
  // What a version adds for each change that it contains, over what it has for one that it does not.
  const [moreShown, moreUnsure, moreKind] = [
    new Float64Array(size),
    new Float64Array(size),
    new Float64Array(size),
  ]
  let [restShown, restUnsure, restKind] = [0, 0, 0]
  for (let change = 0; change < size; change++) {
    const weight = probability[change] as number
    const one = classOf[change] as number
    const [lowShown, lowUnsure, lowKind] = [
      old[one] as number,
      unsureOld[one] as number,
      kindOld[one] as number,
    ]
    restShown += weight * lowShown
    restUnsure += weight * lowUnsure
    restKind += weight * lowKind
    moreShown[change] = weight * ((fresh[one] as number) - lowShown)
    moreUnsure[change] = weight * ((unsureFresh[one] as number) - lowUnsure)
    moreKind[change] = weight * ((kindFresh[one] as number) - lowKind)
  }
  const candidates = order.candidates(probability)
  const [sumShown, sumUnsure, sumKind] = order.sums([moreShown, moreUnsure, moreKind], candidates)
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
      return sum + weight * Math.min(MOST_CONFIRMED, divergence(rate, others) - divergence(rate, shows))
    }, 0)
  let best: Choice | undefined
  let mostBits = 0
  for (const version of candidates) {
    if (!allowed(version)) continue
    const shows = restShown + (sumShown?.[version] ?? 0)
    const bits = binaryEntropy(shows) - restUnsure - (sumUnsure?.[version] ?? 0)
    const kindBits = restKind + (sumKind?.[version] ?? 0)
    if (bits > mostBits) mostBits = bits
    const told = bits + kindBits + confirming(version, shows)
    const worth = told / cost(version, shows, bits)
    if (worth > (best?.worth ?? NOTHING)) best = { version, bits, mostBits, kindBits, worth, shows }
  }
  return best && { ...best, mostBits }
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
