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

/**
 * How much larger it is taken than it is, that the rates are of another kind. An answer that is wrong has nearly always
 * taken one kind for another; what speaks against a change under the same kind is soon over.
 */
const DOUBT = 3
/** A change that is this likely is worth confirming, or ruling out, by itself. */
const LIKELY = 0.05
/** No run confirms more than this, in bits: an answer need not be surer than it is asked to be. */
const MOST_CONFIRMED = 4

/** Information that is none but for rounding, in bits. */
export const NOTHING = 1e-12

/** Bits that outcomes are worth, of which so many show the behaviour and so many do not, to who expects a rate. */
function surprise(shown: number, clean: number, rate: number): number {
  const q = Math.min(1 - 1e-12, Math.max(1e-12, rate))
  return -(shown > 0 ? shown * Math.log2(q) : 0) - (clean > 0 ? clean * Math.log2(1 - q) : 0)
}

/** Expected time of a run of a version that shows the behaviour with a probability and tells so many bits; any unit. */
export type Cost = (version: number, shows: number, bits: number) => number

/** By class of changes: something of a version that contains the change, and of one that does not. */
interface Sides {
  readonly fresh: Float64Array
  readonly old: Float64Array
}

/** Means over what is believed of the changes, of each of `all`, for a version. */
function means(
  order: Order,
  classOf: Int32Array,
  probability: Float64Array,
  candidates: Int32Array,
  all: readonly Sides[],
): ((version: number) => number)[] {
  const outside = new Float64Array(all.length)
  // What a version has more for each change that it contains.
  const more = all.map(({ fresh, old }, index) =>
    probability.map((weight, change) => {
      const one = classOf[change] as number
      const without = weight * (old[one] as number)
      outside[index] = (outside[index] as number) + without
      return weight * (fresh[one] as number) - without
    }),
  )
  const sums = order.sums(more, candidates)
  return sums.map((sum, index) => (version) => (outside[index] as number) + (sum[version] as number))
}

/**
 * The version that tells most per unit of time. Told is how far the outcome that a change and a kind of rates expect is
 * from what all others expect (a divergence, on average over what is believed). Were all others as likely as they are, this
 * would be the mutual information of change and kind; but other kinds count more than they are believed (`DOUBT`), and
 * a likely change is told from the others only, not from itself: the extrinsic Jensen-Shannon divergence of Naghshvar
 * and Javidi (2013), which sees to it that an answer is not only near but reached.
 * @param allowed false for versions that cannot be run
 */
export function choose(
  beliefs: Beliefs,
  order: Order,
  allowed: (version: number) => boolean = () => true,
  cost: Cost = () => 1,
): Choice | undefined {
  const { classOf, classes, probability } = beliefs
  const { fresh, old, kinds } = classes
  const candidates = order.candidates(probability)
  /** Mean of something over the kinds, for each class. */
  const overKinds = (of: (kind: (typeof kinds)[number], one: number) => number): Float64Array =>
    fresh.map((_, one) => kinds.reduce((sum, kind) => sum + (kind.part[one] as number) * of(kind, one), 0))
  const [unsureOf, noiseOf, ...showsOf] = means(order, classOf, probability, candidates, [
    { fresh: fresh.map(binaryEntropy), old: old.map(binaryEntropy) },
    {
      fresh: overKinds((kind, one) => binaryEntropy(kind.fresh[one] as number)),
      old: overKinds((kind, one) => binaryEntropy(kind.old[one] as number)),
    },
    ...kinds.map(({ part, ...of }) => ({
      fresh: part.map((share, one) => share * (of.fresh[one] as number)),
      old: part.map((share, one) => share * (of.old[one] as number)),
    })),
  ])
  const masses = kinds.map(({ part }) =>
    part.reduce((sum, share, one) => sum + share * (classes.probability[one] as number), 0),
  )
  const likely: number[] = []
  for (const [change, weight] of probability.entries()) if (weight > LIKELY) likely.push(change)
  /** Bits that a kind and its likely changes are told from others by. */
  const toldOfKind = (version: number, kind: number, shown: number, shows: number): number => {
    const mass = masses[kind] as number
    const all = mass + DOUBT * (1 - mass)
    const allShown = shown + DOUBT * (shows - shown)
    let told = surprise(shown, mass - shown, allShown / all)
    for (const change of likely) {
      const one = classOf[change] as number
      const side = order.contains(version, change) ? 'fresh' : 'old'
      const { part, [side]: rates } = kinds[kind] as (typeof kinds)[number]
      const [weight, rate] = [probability[change] as number, rates[one] as number]
      const own = weight * (part[one] as number)
      // The change under this kind and under the others, as they are in all.
      const itself = own + DOUBT * (weight - own)
      const itselfShown = own * rate + DOUBT * (weight * (classes[side][one] as number) - own * rate)
      const others = (allShown - itselfShown) / Math.max(1e-12, all - itself)
      const more = surprise(rate, 1 - rate, others) - surprise(rate, 1 - rate, allShown / all)
      told += own * Math.min(MOST_CONFIRMED, more)
    }
    return told
  }
  let best: Choice | undefined
  let mostBits = 0
  for (const version of candidates) {
    if (!allowed(version)) continue
    let shows = 0
    for (const of of showsOf) shows += of(version)
    const noise = noiseOf?.(version) ?? 0
    const bits = binaryEntropy(shows) - (unsureOf?.(version) ?? 0)
    if (bits > mostBits) mostBits = bits
    let told = -noise
    for (let kind = 0; kind < kinds.length; kind++)
      told += toldOfKind(version, kind, showsOf[kind]?.(version) ?? 0, shows)
    const worth = told / cost(version, shows, bits)
    if (worth > (best?.worth ?? NOTHING))
      best = { version, bits, mostBits, kindBits: binaryEntropy(shows) - noise - bits, worth, shows }
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
