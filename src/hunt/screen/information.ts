/**
 * What a run at a point is expected to tell: the mutual information of its outcome and the rule, in nats.
 *
 * With runs on the way it is averaged over sampled outcomes of these, each drawn from one rule, so that a batch spreads
 * over what is open instead of asking one question many times.
 */
import type { Random } from '../../base/random.ts'
import type { Rule } from './rule.ts'
import { type Levels, holds } from './space.ts'

/** Rules as flat arrays: three literals and eight rates each. Changed in place by `observe`. */
export interface Cloud {
  readonly count: number
  readonly factors: Uint8Array
  readonly masks: Int32Array
  readonly weights: Float64Array
  readonly rates: Float64Array
  /** Entropy of an outcome with that rate. */
  readonly entropies: Float64Array
  /** How many runs a rate rests on. */
  readonly runs: Float64Array
}

const CELLS = 8
const LITERALS = 3
/** Of all rules together, these tell so little that they only take time. */
const LEFT_OUT = 1e-3
const MOST_RULES = 1500

export function cloudOf(rules: readonly Rule[], runsSoFar: number): Cloud {
  let covered = 0
  const kept = rules.slice(0, MOST_RULES).filter(({ weight }) => {
    const keep = covered < 1 - LEFT_OUT
    covered += weight
    return keep
  })
  const sum = kept.reduce((total, { weight }) => total + weight, 0)
  const cloud: Cloud = {
    count: kept.length,
    factors: new Uint8Array(LITERALS * kept.length),
    masks: new Int32Array(LITERALS * kept.length),
    weights: Float64Array.from(kept, ({ weight }) => weight / sum),
    rates: new Float64Array(CELLS * kept.length),
    entropies: new Float64Array(CELLS * kept.length),
    runs: new Float64Array(CELLS * kept.length),
  }
  for (const [at, { literals, rates }] of kept.entries()) {
    for (const [l, { factor, mask }] of literals.entries()) {
      cloud.factors[LITERALS * at + l] = factor
      cloud.masks[LITERALS * at + l] = mask
    }
    for (const [cell, rate] of rates.entries()) {
      cloud.rates[CELLS * at + cell] = rate
      cloud.entropies[CELLS * at + cell] = entropyOf(rate)
      cloud.runs[CELLS * at + cell] = 2 + runsSoFar / rates.length
    }
  }
  return cloud
}

const entropyOf = (rate: number): number =>
  rate <= 0 || rate >= 1 ? 0 : -rate * Math.log(rate) - (1 - rate) * Math.log(1 - rate)

/** Index of the rate that rule `at` expects at a point. */
function rateAt({ factors, masks }: Cloud, at: number, levels: Levels): number {
  const l = LITERALS * at
  const first = holds(masks[l] ?? 0, levels[factors[l] ?? 0] ?? 0)
  const second = holds(masks[l + 1] ?? 0, levels[factors[l + 1] ?? 0] ?? 0)
  const third = holds(masks[l + 2] ?? 0, levels[factors[l + 2] ?? 0] ?? 0)
  return CELLS * at + first + 2 * second + 4 * third
}

export function informationOf(cloud: Cloud, levels: Levels): number {
  let rate = 0
  let known = 0
  for (let at = 0; at < cloud.count; at++) {
    const cell = rateAt(cloud, at, levels)
    const weight = cloud.weights[at] ?? 0
    rate += weight * (cloud.rates[cell] ?? 0)
    known += weight * (cloud.entropies[cell] ?? 0)
  }
  return Math.max(0, entropyOf(rate) - known)
}

/** A copy that learns outcomes of its own. */
export const copyOf = (cloud: Cloud): Cloud => ({
  ...cloud,
  weights: cloud.weights.slice(),
  rates: cloud.rates.slice(),
  entropies: cloud.entropies.slice(),
  runs: cloud.runs.slice(),
})

export function observe(cloud: Cloud, levels: Levels, shown: boolean): void {
  let sum = 0
  for (let at = 0; at < cloud.count; at++) {
    const cell = rateAt(cloud, at, levels)
    const rate = cloud.rates[cell] ?? 0
    const weight = (cloud.weights[at] ?? 0) * (shown ? rate : 1 - rate)
    cloud.weights[at] = weight
    sum += weight
    const runs = cloud.runs[cell] ?? 0
    const learnt = (rate * runs + (shown ? 1 : 0)) / (runs + 1)
    cloud.rates[cell] = learnt
    cloud.entropies[cell] = entropyOf(learnt)
    cloud.runs[cell] = runs + 1
  }
  if (sum === 0) return
  for (let at = 0; at < cloud.count; at++) cloud.weights[at] = (cloud.weights[at] ?? 0) / sum
}

/** A possible world: one rule, drawn by its probability, and what is believed as its outcomes come in. */
export interface World {
  readonly rule: number
  readonly cloud: Cloud
}

export function worldOf(cloud: Cloud, random: Random): World {
  let left = random.next()
  let rule = 0
  while (rule < cloud.count - 1 && left >= (cloud.weights[rule] ?? 0)) {
    left -= cloud.weights[rule] ?? 0
    rule++
  }
  return { rule, cloud: copyOf(cloud) }
}

/** Draws the outcome of a run at a point, and learns it. */
export function imagine({ rule, cloud }: World, levels: Levels, random: Random): void {
  const rate = cloud.rates[rateAt(cloud, rule, levels)] ?? 0
  observe(cloud, levels, random.next() < rate)
}
