/**
 * How well sets of runs agree with rates that are not known, by integrating over a grid of rates.
 *
 * Rates are even on the logit scale, from about 1 in 1,100 to 99 in 100; a raised rate has at least `GAP` steps more
 * log-odds than the one below it and reaches a least rate: an effect of less than 5 times the odds is called none, or "no
 * factor matters" could never be found out.
 */

const LOWEST = -7
const STEP = 0.4
const SIZE = 30
const GAP = 4

const LOGITS = Float64Array.from({ length: SIZE }, (_, at) => LOWEST + STEP * at)
const RATES = LOGITS.map((logit) => 1 / (1 + Math.exp(-logit)))
const LOG_RATES = RATES.map((rate) => Math.log(rate))
const LOG_REST = RATES.map((rate) => Math.log(1 - rate))

/** Runs that share a rate. */
export interface Counts {
  readonly shown: number
  readonly clean: number
}

/** Likelihood of counts over the grid, relative to its maximum exp(`log`). */
interface Curve {
  readonly log: number
  readonly at: Float64Array
  /** Mean over the rates at least a gap above each grid point, and the same times the rate; 0 where there is none. */
  readonly above: Float64Array
  readonly aboveTimesRate: Float64Array
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
  /** Two rates, the second higher. */
  two(low: Counts, high: Counts): Fit
  /** Three rates, each higher than the one before by a gap. */
  steps(low: Counts, middle: Counts, high: Counts): Fit
}

/** More than a hunt ever has distinct counts; then the memory is let go. */
const MOST_CURVES = 50_000

export function rateModel(least: number): RateModel {
  const raised = LOGITS.findIndex((logit) => logit >= Math.log(least / (1 - least)) - STEP / 2)
  const curves = new Map<number, Curve>()
  const curve = ({ shown, clean }: Counts): Curve => {
    const key = shown * 2 ** 20 + clean
    const known = curves.get(key)
    if (known !== undefined) return known
    if (curves.size >= MOST_CURVES) curves.clear()
    const made = curveOf(shown, clean, raised)
    curves.set(key, made)
    return made
  }

  const same = (all: Counts): Fit => {
    const { log, at } = curve(all)
    let sum = 0
    let rate = 0
    for (let g = 0; g < SIZE; g++) {
      sum += at[g] ?? 0
      rate += (at[g] ?? 0) * (RATES[g] ?? 0)
    }
    return { log: log + Math.log(sum / SIZE), rates: [rate / sum] }
  }

  const two = (lowCounts: Counts, highCounts: Counts): Fit => {
    const [low, high] = [curve(lowCounts), curve(highCounts)]
    let [sum, lowSum, highSum] = [0, 0, 0]
    for (let g = 0; g < SIZE - GAP; g++) {
      const likelihood = low.at[g] ?? 0
      const both = likelihood * (high.above[g] ?? 0)
      sum += both
      lowSum += both * (RATES[g] ?? 0)
      highSum += likelihood * (high.aboveTimesRate[g] ?? 0)
    }
    if (sum === 0) return IMPOSSIBLE
    return { log: low.log + high.log + Math.log(sum / (SIZE - GAP)), rates: [lowSum / sum, highSum / sum] }
  }

  const steps = (lowCounts: Counts, middleCounts: Counts, highCounts: Counts): Fit => {
    const [low, middle, high] = [curve(lowCounts), curve(middleCounts), curve(highCounts)]
    // Over the middle rates that are a gap above the low one and a gap below the highest of all.
    let [both, middleRate, highRate, room] = [0, 0, 0, 0]
    let [sum, lowSum, middleSum, highSum] = [0, 0, 0, 0]
    for (let g = SIZE - 1 - 2 * GAP; g >= 0; g--) {
      const m = g + GAP
      if (m >= raised) {
        const weight = middle.at[m] ?? 0
        both += weight * (high.above[m] ?? 0)
        middleRate += weight * (high.above[m] ?? 0) * (RATES[m] ?? 0)
        highRate += weight * (high.aboveTimesRate[m] ?? 0)
        room++
      }
      const share = (low.at[g] ?? 0) / room
      sum += share * both
      lowSum += share * both * (RATES[g] ?? 0)
      middleSum += share * middleRate
      highSum += share * highRate
    }
    if (sum === 0) return IMPOSSIBLE
    return {
      log: low.log + middle.log + high.log + Math.log(sum / (SIZE - 2 * GAP)),
      rates: [lowSum / sum, middleSum / sum, highSum / sum],
    }
  }

  return { same, two, steps }
}

function curveOf(shown: number, clean: number, raised: number): Curve {
  const logs = LOG_RATES.map((log, g) => shown * log + clean * (LOG_REST[g] ?? 0))
  const log = logs.reduce((best, one) => Math.max(best, one), Number.NEGATIVE_INFINITY)
  const at = logs.map((one) => Math.exp(one - log))
  const above = new Float64Array(SIZE)
  const aboveTimesRate = new Float64Array(SIZE)
  let sum = 0
  let rate = 0
  let room = 0
  for (let g = SIZE - 1 - GAP; g >= 0; g--) {
    if (g + GAP >= raised) {
      const likelihood = at[g + GAP] ?? 0
      sum += likelihood
      rate += likelihood * (RATES[g + GAP] ?? 0)
      room++
    }
    above[g] = sum / room
    aboveTimesRate[g] = rate / room
  }
  return { log, at, above, aboveTimesRate }
}
