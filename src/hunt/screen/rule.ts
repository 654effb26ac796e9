/** A rule: which factors matter and how, as literals and the cells in which the behaviour comes. */
import { type Levels, type Literal, holds } from './space.ts'

/** How the factors of a rule act. `more` is of three or more. */
export type How = 'none' | 'alone' | 'together' | 'either' | 'more'

interface Shape {
  readonly how: How
  readonly literals: readonly Literal[]
  /** Expected rate where the literals hold that the bits of the index say: bit 0 the first, and so on. */
  readonly rates: readonly number[]
  /** Which of these cells have the behaviour, by the rule. */
  readonly high: readonly boolean[]
}

export interface Rule extends Shape {
  /** Probability. */
  readonly weight: number
}

/** A rule that is not weighed against the others yet. */
export interface Draft extends Shape {
  /** Log of the belief beforehand times the evidence. */
  readonly log: number
}

/** Rules less probable than this are left out. */
export const LEFT_OUT = 1e-6

/** Which cell of a rule a point is in: the index into its rates. */
export const cellOf = (literals: readonly Literal[], levels: Levels): number =>
  literals.reduce((cell, { factor, mask }, at) => cell | (holds(mask, levels[factor] ?? 0) << at), 0)
