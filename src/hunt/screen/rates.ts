/**
 * How well sets of runs agree with rates that are not known, by integrating over a grid of rates.
 *
 * Rates are even on the logit scale, from about 1 in 1,100 to 99 in 100. What is too small to matter is called no effect,
 * or "nothing else matters" could never be found out (an indifference zone: Bechhofer, Annals of Mathematical Statistics
 * 25, 1954): a raised rate has at least 5 times the odds of the one below it and reaches a least rate, and a second factor
 * does at least half of what is done by both. So a factor that always brings the behaviour is neither taken for one that
 * mostly does and is helped by another, nor for one beside which another brings it now and then.
 */

const LOWEST = -7
const STEP = 0.4
const SIZE = 30
/** Steps of the logit that make 5 times the odds. */
const GAP = 4
/** Rates within this factor count as the same. */
const SAME = 2

const LOGITS = Float64Array.from({ length: SIZE }, (_, at) => LOWEST + STEP * at)
const RATES = LOGITS.map((logit) => 1 / (1 + Math.exp(-logit)))
const LOG_RATES = RATES.map((rate) => Math.log(rate))
const LOG_REST = RATES.map((rate) => Math.log(1 - rate))

/** Runs that share a rate. */
export interface Counts {
  readonly shown: number
  readonly clean: number
}

/** For each grid point those that a higher rate can have: from the first, up to the one before the second. */
type Range = readonly (readonly [first: number, end: number])[]

/** Mean over the range of each grid point, of a likelihood and of the same times the rate; 0 where there is none. */
interface Means {
  readonly at: Float64Array
  readonly timesRate: Float64Array
}

/** Likelihood of counts over the grid, relative to its maximum exp(`log`). */
interface Curve {
  readonly log: number
  readonly at: Float64Array
  readonly raised: Means
  readonly helped: Means
  readonly alike: Means
}

/** Log evidence, and the expected rate of each set of runs, in the order in which they were given. */
export interface Fit {
  readonly log: number
  readonly rates: readonly number[]
}

/** What no double can hold: the counts contradict it. */
const IMPOSSIBLE: Fit = { log: Number.NEGATIVE_INFINITY, rates: [0, 0, 0, 0] }

export interface RateModel {
  /** All runs have one rate. */
  same(all: Counts): Fit
  /** Two rates, the second raised. */
  two(low: Counts, high: Counts): Fit
  /** Three rates: the second is raised, and the third at least twice of it. */
  readonly helped: ThreeRates
  /** Three rates: the second is raised, and at least half of the third. */
  readonly alike: ThreeRates
}

/** A fit whose log evidence would be below `worth` is not worked out, and taken for impossible. */
type ThreeRates = (low: Counts, middle: Counts, high: Counts, worth: number) => Fit

/** More than a hunt ever has distinct counts; then the memory is let go. */
const MOST_CURVES = 20_000

export function rateModel(least: number): RateModel {
  const reached = firstWhere((at) => (LOGITS[at] ?? 0) >= Math.log(least / (1 - least)) - STEP / 2)
  const raised = rangeOf((low) => [Math.max(reached, low + GAP), SIZE])
  const twice = (low: number): number => firstWhere((at) => (RATES[at] ?? 0) >= SAME * (RATES[low] ?? 0))
  const helped = rangeOf((low) => [Math.max(reached, low + GAP, twice(low)), SIZE])
  const alike = rangeOf((low) => [low, twice(low)])

  const curves = new Map<number, Curve>()
  const curve = ({ shown, clean }: Counts): Curve => {
    const key = shown * 2 ** 20 + clean
    const known = curves.get(key)
    if (known !== undefined) return known
    if (curves.size >= MOST_CURVES) curves.clear()
    const logs = LOG_RATES.map((one, g) => shown * one + clean * (LOG_REST[g] ?? 0))
    const log = logs.reduce((best, one) => Math.max(best, one), Number.NEGATIVE_INFINITY)
    const at = logs.map((one) => Math.exp(one - log))
    const made = {
      log,
      at,
      raised: meansOf(at, raised),
      helped: meansOf(at, helped),
      alike: meansOf(at, alike),
    }
    curves.set(key, made)
    return made
  }

  const same = (all: Counts): Fit => {
    const { log, at } = curve(all)
    let [sum, rate] = [0, 0]
    for (let g = 0; g < SIZE; g++) {
      sum += at[g] ?? 0
      rate += (at[g] ?? 0) * (RATES[g] ?? 0)
    }
    return { log: log + Math.log(sum / SIZE), rates: [rate / sum] }
  }

  const lows = countOf(raised)
  const two = (lowCounts: Counts, highCounts: Counts): Fit => {
    const [low, high] = [curve(lowCounts), curve(highCounts)]
    let [sum, lowSum, highSum] = [0, 0, 0]
    for (let g = 0; g < lows; g++) {
      const likelihood = low.at[g] ?? 0
      const both = likelihood * (high.raised.at[g] ?? 0)
      sum += both
      lowSum += both * (RATES[g] ?? 0)
      highSum += likelihood * (high.raised.timesRate[g] ?? 0)
    }
    if (sum === 0) return IMPOSSIBLE
    return { log: low.log + high.log + Math.log(sum / lows), rates: [lowSum / sum, highSum / sum] }
  }

  const three = (how: 'helped' | 'alike'): ThreeRates => {
    const middles = countOf(how === 'helped' ? helped : alike)
    const firsts = raised.map(([first]) => first).filter((first) => first < middles)
    return (lowCounts, middleCounts, highCounts, worth) => {
      const [low, middle, high] = [curve(lowCounts), curve(middleCounts), curve(highCounts)]
      const most = low.log + middle.log + high.log
      if (most < worth) return IMPOSSIBLE
      const { at, timesRate } = high[how]
      // From the highest low rate down, with the sums over the middle rates that are raised above it.
      let [both, middleRate, highRate] = [0, 0, 0]
      let [sum, lowSum, middleSum, highSum] = [0, 0, 0, 0]
      let m = middles
      for (let g = firsts.length - 1; g >= 0; g--) {
        for (const first = firsts[g] ?? 0; m > first;) {
          m--
          const weight = (middle.at[m] ?? 0) * (at[m] ?? 0)
          both += weight
          middleRate += weight * (RATES[m] ?? 0)
          highRate += (middle.at[m] ?? 0) * (timesRate[m] ?? 0)
        }
        const share = (low.at[g] ?? 0) / (middles - m)
        sum += share * both
        lowSum += share * both * (RATES[g] ?? 0)
        middleSum += share * middleRate
        highSum += share * highRate
      }
      if (sum === 0) return IMPOSSIBLE
      return {
        log: most + Math.log(sum / firsts.length),
        rates: [lowSum / sum, middleSum / sum, highSum / sum],
      }
    }
  }

  return { same, two, helped: three('helped'), alike: three('alike') }
}

function firstWhere(test: (at: number) => boolean): number {
  for (let at = 0; at < SIZE; at++) if (test(at)) return at
  return SIZE
}

const rangeOf = (of: (low: number) => readonly [number, number]): Range =>
  Array.from(LOGITS, (_, low) => of(low))

/** Grid points that have a range; these are the lowest. */
const countOf = (range: Range): number => range.filter(([first, end]) => first < end).length

function meansOf(at: Float64Array, range: Range): Means {
  const means = { at: new Float64Array(SIZE), timesRate: new Float64Array(SIZE) }
  for (const [low, [first, end]] of range.entries()) {
    let [sum, rate] = [0, 0]
    for (let g = first; g < end; g++) {
      sum += at[g] ?? 0
      rate += (at[g] ?? 0) * (RATES[g] ?? 0)
    }
    means.at[low] = first < end ? sum / (end - first) : 0
    means.timesRate[low] = first < end ? rate / (end - first) : 0
  }
  return means
}
