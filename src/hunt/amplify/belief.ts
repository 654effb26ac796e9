/** What is known of all settings: which is the best, which are as good, and how often it comes at each. */
import type { Random } from '../../base/random.ts'
import { type Field, draw } from './field.ts'
import type { Setting, Tally } from './settings.ts'

/** What is believed of each setting, from draws of all rates. */
export interface Belief {
  readonly settings: readonly Setting[]
  readonly tallies: readonly Tally[]
  /** Probability of each to be the best, and to be within the margin of it. */
  readonly best: readonly number[]
  readonly good: readonly number[]
  /** Index of the one most probably good. */
  readonly leader: number
  /** Occurrences per second: mean, and interval at the asked confidence. */
  readonly rates: readonly { readonly mean: number; readonly low: number; readonly high: number }[]
}

const DRAWS = 1000

/** Log of occurrences over time of all runs, with one more occurrence so that it exists; one a minute before any. */
export function guessOf(tallies: readonly Tally[]): number {
  const shown = tallies.reduce((sum, tally) => sum + tally.shown, 0)
  const seconds = tallies.reduce((sum, tally) => sum + tally.seconds, 0)
  return Math.log((shown + 0.5) / Math.max(seconds, 30))
}

export function believe(
  settings: readonly Setting[],
  tallies: readonly Tally[],
  field: Field,
  confidence: number,
  margin: number,
  random: Random,
): Belief {
  const best = settings.map(() => 0)
  const good = settings.map(() => 0)
  const drawn = settings.map(() => new Float64Array(DRAWS))
  for (let turn = 0; turn < DRAWS; turn++) {
    const rates = draw(field, random)
    const top = topOf(rates, tallies)
    const near = (rates[top] ?? 0) + Math.log(1 - margin)
    best[top] = (best[top] ?? 0) + 1 / DRAWS
    for (const [at, rate] of rates.entries()) {
      const values = drawn[at]
      if (values !== undefined) values[turn] = rate
      if (rate >= near && tallies[at]?.broken === false) good[at] = (good[at] ?? 0) + 1 / DRAWS
    }
  }
  const tail = (1 - confidence) / 2
  return {
    settings,
    tallies,
    best,
    good,
    leader: good.reduce((most, share, at) => (share > (good[most] ?? 0) ? at : most), 0),
    rates: drawn.map((values) => {
      const sorted = values.toSorted()
      const at = (share: number): number => Math.exp(sorted[Math.floor(share * (DRAWS - 1))] ?? 0)
      return { mean: at(0.5), low: at(tail), high: at(1 - tail) }
    }),
  }
}

/** Index of the highest rate of those that can be run. */
export const topOf = (rates: Float64Array, tallies: readonly Tally[]): number =>
  rates.reduce(
    (top, rate, at) => (tallies[at]?.broken === false && (top < 0 || rate > (rates[top] ?? 0)) ? at : top),
    -1,
  )
