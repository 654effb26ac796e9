/** How much a run tells that ended without the behaviour. */
import type { Trial } from '../model/hunt.ts'

/**
 * The part of a whole run that each clean trial was, in [0, 1]. One that was stopped early counts by its time: the
 * behaviour is thought to come at a constant rate while a run lasts, so that half the time is worth half a clean run.
 * Nothing is known of how long a run lasts while none went on to its end: then one that was stopped counts for nothing.
 */
export function exposures(trials: readonly Trial[]): (trial: Trial) => number {
  const whole = trials
    .filter(({ outcome, cut }) => outcome === 'clean' && cut === undefined)
    .map(({ seconds }) => seconds)
    .toSorted((a, b) => a - b)
  const usual = whole[Math.floor(whole.length / 2)]
  return ({ seconds, cut }) =>
    cut === undefined ? 1 : usual === undefined || usual === 0 ? 0 : Math.min(1, seconds / usual)
}
