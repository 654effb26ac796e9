/** How much a run tells that ended without the behaviour. */
import type { Trial } from '../model/hunt.ts'
import { exposureOf, weibull, type Exposure, type Watched } from './stats/hazard.ts'

/** The trials that were watched, with the time; those that ended at a sign did not last until the behaviour. */
export const watched = (trials: readonly Trial[]): Watched[] =>
  trials
    .filter(({ outcome, early }) => (outcome === 'shown' || outcome === 'clean') && !early)
    .map(({ seconds, outcome }) => ({ seconds, shown: outcome === 'shown' }))

/** Seconds that a run lasts when nothing ends it: the median of those that did; undefined while there was none. */
export function usualSeconds(trials: readonly Trial[]): number | undefined {
  const whole = trials
    .filter(({ outcome, cut }) => outcome === 'clean' && cut === undefined)
    .map(({ seconds }) => seconds)
    .toSorted((a, b) => a - b)
  return whole[Math.floor(whole.length / 2)]
}

/** The time that was watched in all, and how often the behaviour came in it. */
export const totalExposure = (trials: readonly Trial[]): Exposure => exposureOf(watched(trials))

/**
 * The part of a whole run that each clean trial was, in [0, 1]. One that was stopped early counts by its time: the
 * behaviour is thought to come at a constant rate while a run lasts, so that half the time is worth half a clean run.
 * Where the times at which it came contradict that, it counts by the share of the hazard that it had passed.
 * Nothing is known of how long a run lasts while none went on to its end: then one that was stopped counts for nothing.
 */
export function exposures(trials: readonly Trial[]): (trial: Trial) => number {
  const usual = usualSeconds(trials)
  const { shape, contradicted } = weibull(watched(trials))
  const power = contradicted ? shape : 1
  return ({ seconds, cut }) =>
    cut === undefined ? 1 : usual === undefined || usual === 0 ? 0 : Math.min(1, (seconds / usual) ** power)
}
