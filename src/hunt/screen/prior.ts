/**
 * What is believed of a rule before any run.
 *
 * None, one alone, two together and either of two have each about a fifth of it, three together a seventh, and an answer has to hold
 * with twice as much for the other kinds (`leading`): whichever is true, one of another kind is then said in at most about
 * 2 to 3 (1 - c) / c of the hunts that stop at confidence c, however often they look (Ville's inequality, over the rates as
 * believed beforehand), and in about 1 - c or fewer in simulations (bench/hunt/screen.ts).
 */
import type { How } from './rule.ts'
import type { Literal } from './space.ts'

/** `three` are all together; `more` are the other rules of three, of which only those with a leading pair are tried. */
export const PRIOR = {
  none: 0.2,
  alone: 0.2,
  together: 0.2,
  either: 0.18,
  three: 0.14,
  more: 0.08,
} satisfies Record<How | 'three', number>

/** Share of the belief in rules that goes to those which say that the behaviour comes where it is said to have been seen; the rest is even. */
const SEEN_AT_START = 0.5

/** Of the belief in a kind of rule and these factors, the share of these levels. */
export function shareOf(literals: readonly Literal[], high: readonly boolean[]): number {
  let share = 1
  for (const { sets } of literals) share /= sets
  if (literals.every(({ atStart }) => atStart === undefined)) return share
  // How probable it is that a rule of these factors says it comes at the start, of all its levels and of those it has.
  let [all, own] = [0, 0]
  for (const [cell, comes] of high.entries()) {
    if (!comes) continue
    let [ofAll, ofOwn] = [1, 1]
    for (const [at, { atStart, setsAtStart, sets }] of literals.entries()) {
      const bit = (cell >> at) & 1
      const chance = (bit === 1 ? setsAtStart : sets - setsAtStart) / sets
      ofAll *= chance
      ofOwn *= atStart === undefined ? chance : Number(atStart === bit)
    }
    all += ofAll
    own += ofOwn
  }
  return share * (1 - SEEN_AT_START + (SEEN_AT_START * own) / all)
}
