/**
 * What the runs so far say of each change: exact Bayesian inference over changes and rates together.
 *
 * Changes that the same tried versions contain cannot be told apart, so they share one class with one likelihood for
 * each pair of rates. There are never more classes than a few for each version that was tried, however long the history
 * is, and a run costs one multiplication for each class and pair.
 */
import type { Order } from './order.ts'
import { scaledLikelihoods, type RateGrid } from './rates.ts'

/** By change, or by class of changes. */
export interface Belief {
  /** That it is the one. */
  readonly probability: Float64Array
  /** Mean rates of versions with and without it, if it is the one. */
  readonly fresh: Float64Array
  readonly old: Float64Array
  /** The same if the rates are of one kind, for each kind. */
  readonly kinds: readonly {
    /** That they are of it, if the change is the one. */
    readonly part: Float64Array
    readonly fresh: Float64Array
    readonly old: Float64Array
  }[]
  /** Mean of the rates' allowances. */
  readonly allowance: Float64Array
}

export class Beliefs {
  readonly #order: Order
  readonly #grid: RateGrid
  readonly #prior: Float64Array
  readonly #tried: Set<number>
  /** Class of each change. */
  #classOf: Int32Array
  /** Of each class: one of its changes, which stands for all, and the prior probability of all. */
  #members: readonly number[]
  #masses: readonly number[]
  /** Prior times likelihood of each pair of rates, class after class, to a common scale. */
  #weights: Float64Array
  #belief: Belief | undefined

  /** @param prior probability of each change */
  constructor(order: Order, grid: RateGrid, prior: Float64Array, from?: Beliefs) {
    this.#order = order
    this.#grid = grid
    this.#prior = prior
    this.#tried = new Set(from === undefined ? [] : from.#tried)
    this.#classOf = from === undefined ? new Int32Array(prior.length) : from.#classOf
    this.#members = from === undefined ? [0] : from.#members
    this.#masses = from === undefined ? [1] : from.#masses
    this.#weights = from === undefined ? grid.prior.slice() : from.#weights.slice()
    this.#belief = from === undefined ? undefined : from.#belief
  }

  /** A copy, that can be told what has not happened. */
  copy(): Beliefs {
    return new Beliefs(this.#order, this.#grid, this.#prior, this)
  }

  /**
   * Runs of a version.
   * @param shown how many showed the behaviour
   * @param clean how many did not; one that was stopped half-way is worth a half
   */
  observe(version: number, shown: number, clean: number): void {
    this.split(version)
    const { size } = this.#grid
    const [fresh = [], old = []] = scaledLikelihoods(shown, clean, [this.#grid.fresh, this.#grid.old])
    const weights = this.#weights
    let top = 0
    for (const [index, member] of this.#members.entries()) {
      const factor = this.#order.contains(version, member) ? fresh : old
      const base = index * size
      for (let pair = 0; pair < size; pair++) {
        const weight = (weights[base + pair] as number) * (factor[pair] as number)
        weights[base + pair] = weight
        if (weight > top) top = weight
      }
    }
    if (top < 1e-100) for (let at = 0; at < weights.length; at++) weights[at] = (weights[at] as number) / top
    this.#belief = undefined
  }

  /**
   * Parts each class into the changes that a version contains and those that it does not. Nothing is believed otherwise by
   * it: it is the part of an observation that a long history makes slow.
   */
  split(version: number): void {
    if (this.#tried.has(version)) return
    this.#tried.add(version)
    const old = this.#classOf
    const classOf = new Int32Array(old.length)
    const [masses, members, from]: [number[], number[], number[]] = [[], [], []]
    // Index of the new class of each old one, outside and inside the version.
    const parts = new Int32Array(2 * this.#members.length).fill(-1)
    for (let change = 0; change < old.length; change++) {
      const before = old[change] as number
      const part = 2 * before + (this.#order.contains(version, change) ? 1 : 0)
      let index = parts[part] as number
      if (index < 0) {
        parts[part] = index = members.length
        members.push(change)
        masses.push(0)
        from.push(before)
      }
      masses[index] = (masses[index] as number) + (this.#prior[change] as number)
      classOf[change] = index
    }
    const { size } = this.#grid
    const weights = new Float64Array(members.length * size)
    for (const [index, before] of from.entries())
      weights.set(this.#weights.subarray(before * size, (before + 1) * size), index * size)
    this.#classOf = classOf
    this.#members = members
    this.#masses = masses
    this.#weights = weights
  }

  /** Class of each change; changes of one class have the same rates, and probabilities as their priors are. */
  get classOf(): Int32Array {
    return this.#classOf
  }

  /** By class. */
  get classes(): Belief {
    if (this.#belief !== undefined) return this.#belief
    const { fresh, old, allowance, kinds, size } = this.#grid
    const count = this.#masses.length
    const weights = this.#weights
    const zeros = (): Float64Array => new Float64Array(count)
    const belief = {
      probability: zeros(),
      fresh: zeros(),
      old: zeros(),
      kinds: kinds.map(() => ({ part: zeros(), fresh: zeros(), old: zeros() })),
      allowance: zeros(),
    }
    let all = 0
    for (let index = 0; index < count; index++) {
      const base = index * size
      let [sum, sumFresh, sumOld, sumAllowance] = [0, 0, 0, 0]
      let pair = 0
      for (const [kind, end] of kinds.entries()) {
        let [mass, massFresh, massOld] = [0, 0, 0]
        for (; pair < end; pair++) {
          const weight = weights[base + pair] as number
          mass += weight
          massFresh += weight * (fresh[pair] as number)
          massOld += weight * (old[pair] as number)
          sumAllowance += weight * (allowance[pair] as number)
        }
        if (mass === 0) continue
        sum += mass
        sumFresh += massFresh
        sumOld += massOld
        const of = belief.kinds[kind] as (typeof belief.kinds)[number]
        of.part[index] = mass
        of.fresh[index] = massFresh / mass
        of.old[index] = massOld / mass
      }
      const probability = sum * (this.#masses[index] as number)
      belief.probability[index] = probability
      if (sum > 0) {
        for (const { part } of belief.kinds) part[index] = (part[index] as number) / sum
        belief.fresh[index] = sumFresh / sum
        belief.old[index] = sumOld / sum
        belief.allowance[index] = sumAllowance / sum
      }
      all += probability
    }
    for (let index = 0; index < count; index++)
      belief.probability[index] = (belief.probability[index] as number) / all
    return (this.#belief = belief)
  }

  /** The probability that an answer needs, if it is to be right as often as `confidence` says. */
  needed(confidence: number): number {
    const { probability, allowance } = this.classes
    const allowed = probability.reduce((sum, one, index) => sum + one * (allowance[index] as number), 0)
    return 1 - allowed * (1 - confidence)
  }

  /** Probability of each change. */
  get probability(): Float64Array {
    const scale = this.classes.probability.map(
      (one, index) => one / Math.max(1e-300, this.#masses[index] as number),
    )
    const probability = new Float64Array(this.#prior.length)
    for (let change = 0; change < probability.length; change++)
      probability[change] =
        (this.#prior[change] as number) * (scale[this.#classOf[change] as number] as number)
    return probability
  }
}
