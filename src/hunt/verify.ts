/**
 * Is it gone? As many clean runs as it takes, given how often it came before: if it were still there, at a rate that is
 * known from those runs only (Beta posterior), so many clean runs in a row would be too great a coincidence.
 */
import type { Answer } from '../model/hunt.ts'
import type { Planner } from './planner.ts'
import { exposures } from './exposure.ts'
import { lnBeta } from './stats/beta.ts'
import type { Count } from './stats/two-rates.ts'
import { again, ratesPicture, runsText, tally } from './tally.ts'

export interface VerifyQuestion {
  readonly confidence: number
  /** Runs without the fix. */
  readonly before: Count
}

/** Probability that so many more runs are clean although nothing was mended, after `before`. */
export function cleanByChance({ shown, runs }: Count, clean: number): number {
  const [a, b] = [0.5 + shown, 0.5 + runs - shown]
  return Math.exp(lnBeta(a, b + clean) - lnBeta(a, b))
}

/** Probability that it is gone after clean runs, when it was thought as likely as not before them. */
const gone = (before: Count, clean: number): number => 1 / (1 + cleanByChance(before, clean))

/** Clean runs that prove a fix; Infinity if no number does, because it was never seen before. */
export function cleanRunsNeeded(before: Count, confidence: number): number {
  if (before.shown === 0) return Number.POSITIVE_INFINITY
  let high = 1
  while (gone(before, high) < confidence) {
    high *= 2
    if (high > 2 ** 40) return Number.POSITIVE_INFINITY
  }
  let low = high / 2
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (gone(before, middle) < confidence) low = middle
    else high = middle
  }
  return high
}

export function verifyPlanner({ confidence, before }: VerifyQuestion): Planner {
  const needed = cleanRunsNeeded(before, confidence)
  const answer: Planner['answer'] = (trials): Answer => {
    const count = tally(trials)
    const exposure = exposures(trials)
    const clean = trials
      .filter(({ outcome }) => outcome === 'clean')
      .reduce((sum, trial) => sum + exposure(trial), 0)
    const failed = trials.find(({ outcome }) => outcome === 'shown')
    const probability = failed === undefined ? gone(before, clean) : 1
    const was = `it came in ${before.shown} of ${runsText(before.runs)} before`
    return {
      done: failed !== undefined || clean >= needed,
      sure: failed !== undefined || clean >= needed,
      result: failed === undefined ? (clean >= needed ? 'gone' : null) : 'still there',
      probability,
      sentence:
        failed !== undefined
          ? `It is still there: run ${failed.number} shows it.`
          : clean >= needed
            ? `It is gone with probability ${probability.toFixed(3)}: ${runsText(count.runs)} were clean, and ${was}.`
            : `${runsText(count.runs)} of ${needed} were clean; ${was}.`,
      runsToGo: failed === undefined ? Math.max(0, Math.ceil(needed - clean)) : 0,
      picture: ratesPicture(
        [
          { label: 'before', of: before },
          { label: 'now', of: trials },
        ],
        confidence,
      ),
    }
  }
  return {
    next: (trials, count) => {
      const { done, runsToGo } = answer(trials)
      const running = trials.filter(({ outcome }) => outcome === 'running').length
      return done
        ? []
        : again(
            Math.min(count, Math.max(0, (runsToGo ?? count) - running)),
            `a clean run more is evidence that it is gone; a failure settles it`,
          )
    },
    matters: (trials) => !answer(trials).done,
    answer,
  }
}
