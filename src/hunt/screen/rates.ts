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

/** A likelihood over the grid, and the same times the rate. */
interface Weights {
  readonly at: Float64Array
  readonly timesRate: Float64Array
}

/** Likelihood of counts over the grid, relative to its maximum exp(`log`). */
interface Curve extends Weights {
  readonly log: number
  /** Means over the range of each grid point; 0 where it has none. */
  readonly raised: Weights
  readonly helped: Weights
  readonly alike: Weights
}

export const sumOf = (a: Counts, b: Counts): Counts => ({
  shown: a.shown + b.shown,
  clean: a.clean + b.clean,
})
export const less = (a: Counts, b: Counts): Counts => ({ shown: a.shown - b.shown, clean: a.clean - b.clean })

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
    const timesRate = at.map((one, g) => one * (RATES[g] ?? 0))
    const made = {
      log,
      at,
      timesRate,
      raised: meansOf(at, timesRate, raised),
      helped: meansOf(at, timesRate, helped),
      alike: meansOf(at, timesRate, alike),
    }
    curves.set(key, made)
    return made
  }

  const same = (all: Counts): Fit => {
    const { log, at, timesRate } = curve(all)
    const sum = totalOf(at)
    return { log: log + Math.log(sum / SIZE), rates: [totalOf(timesRate) / sum] }
  }

  const lows = countOf(raised)
  const two = (lowCounts: Counts, highCounts: Counts): Fit => {
    const [low, high] = [curve(lowCounts), curve(highCounts)]
    const over = (lowAt: Float64Array, highAt: Float64Array): number => {
      let sum = 0
      for (let g = 0; g < lows; g++) sum += (lowAt[g] ?? 0) * (highAt[g] ?? 0)
      return sum / lows
    }
    const sum = over(low.at, high.raised.at)
    if (sum === 0) return IMPOSSIBLE
    return {
      log: low.log + high.log + Math.log(sum),
      rates: [over(low.timesRate, high.raised.at) / sum, over(low.at, high.raised.timesRate) / sum],
    }
  }

  const three = (how: 'helped' | 'alike'): ThreeRates => {
    const middles = countOf(how === 'helped' ? helped : alike)
    const firsts = raised.map(([first]) => first).filter((first) => first < middles)
    const over = (lowAt: Float64Array, middleAt: Float64Array, highAt: Float64Array): number => {
      // From the highest low rate down, with the sum over the middle rates that are raised above it.
      let [sum, above, m] = [0, 0, middles]
      for (let g = firsts.length - 1; g >= 0; g--) {
        for (const first = firsts[g] ?? 0; m > first;) {
          m--
          above += (middleAt[m] ?? 0) * (highAt[m] ?? 0)
        }
        sum += ((lowAt[g] ?? 0) * above) / (middles - m)
      }
      return sum / firsts.length
    }
    return (lowCounts, middleCounts, highCounts, worth) => {
      const [low, middle, { log, [how]: high }] = [curve(lowCounts), curve(middleCounts), curve(highCounts)]
      const most = low.log + middle.log + log
      if (most < worth) return IMPOSSIBLE
      const sum = over(low.at, middle.at, high.at)
      if (sum === 0 || most + Math.log(sum) < worth) return IMPOSSIBLE
      return {
        log: most + Math.log(sum),
        rates: [
          over(low.timesRate, middle.at, high.at) / sum,
          over(low.at, middle.timesRate, high.at) / sum,
          over(low.at, middle.at, high.timesRate) / sum,
        ],
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

function totalOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

function meansOf(at: Float64Array, timesRate: Float64Array, range: Range): Weights {
  const means = { at: new Float64Array(SIZE), timesRate: new Float64Array(SIZE) }
  for (const [low, [first, end]] of range.entries()) {
    if (first >= end) continue
    means.at[low] = totalOf(at.subarray(first, end)) / (end - first)
    means.timesRate[low] = totalOf(timesRate.subarray(first, end)) / (end - first)
  }
  return means
}

/** The fit of two rates, by the runs with the higher; the others have the rest. */
export function memoised(total: Counts, model: RateModel): (high: Counts) => Fit {
  const known = new Map<number, Fit>()
  return (high) => {
    const key = high.shown * 2 ** 20 + high.clean
    const fit = known.get(key) ?? model.two(less(total, high), high)
    known.set(key, fit)
    return fit
  }
}
