/** The questions about rates, asked of time instead of runs: for runs that are not all as long as each other. */
import { formatDuration } from '../base/duration.ts'
import type { Answer, Trial } from '../model/hunt.ts'
import { totalExposure, usualSeconds, watched } from './exposure.ts'
import type { Planner } from './planner.ts'
import { quietByChance, quietNeeded, rateInterval, weibull, type Exposure } from './stats/hazard.ts'
import { again, percent, ratesPicture, runsText, tally } from './tally.ts'

const HOUR = 3600

/** A time in seconds for a person, to about three figures. */
export const timeText = (seconds: number): string =>
  seconds < 10 ? `${seconds.toPrecision(2)} s` : formatDuration(Math.round(seconds) * 1000)

/** As many runs as take so many seconds, when they last as long as those that were made; null when none was. */
function runsOf(seconds: number, trials: readonly Trial[]): number | null {
  const usual = usualSeconds(trials)
  return usual === undefined || usual === 0 ? null : Math.ceil(seconds / usual)
}

/** Proposals for the runs that are still to come; at least one while nothing is under way and nobody knows how many. */
function more(trials: readonly Trial[], count: number, { done, runsToGo }: Answer, why: string) {
  if (done) return []
  const running = trials.filter(({ outcome }) => outcome === 'running').length
  const room = runsToGo === null ? count : Math.max(running === 0 ? 1 : 0, runsToGo - running)
  return again(Math.min(count, room), why)
}

/** The rate at which it comes per time, until the chance for a run of the usual length is as narrow as asked. */
export function hourlyRatePlanner(question: {
  readonly confidence: number
  readonly width: number
}): Planner {
  const { confidence, width } = question
  const answer: Planner['answer'] = (trials) => {
    const exposure = totalExposure(trials)
    const rates = rateInterval(exposure, confidence)
    const length = usualSeconds(trials) ?? Math.max(0, ...watched(trials).map(({ seconds }) => seconds))
    const chance = (rate: number): number => (length === 0 ? 1 : 1 - Math.exp(-rate * length))
    const [low, high] = [exposure.seconds === 0 ? 0 : chance(rates.low), chance(rates.high)]
    const done = high - low <= width
    const { shape, contradicted } = weibull(watched(trials))
    const hourly = (rate: number): string => (rate * HOUR).toPrecision(2)
    return {
      done,
      sure: done && !contradicted,
      result: {
        perHour: exposure.seconds === 0 ? null : (exposure.shown / exposure.seconds) * HOUR,
        low: rates.low * HOUR,
        high: Number.isFinite(rates.high) ? rates.high * HOUR : null,
        chance: { seconds: length, low, high },
        shape,
        constant: !contradicted,
      },
      probability: confidence,
      sentence:
        `It showed ${exposure.shown} times in ${timeText(exposure.seconds)}: ${hourly(rates.low)} to ` +
        `${hourly(rates.high)} times an hour, in ${percent(low)} to ${percent(high)} of runs of ${timeText(length)}, at ` +
        `${percent(confidence)} confidence.${notConstant(shape, contradicted)}`,
      runsToGo: done ? 0 : null,
      picture: ratesPicture([{ label: 'all runs', of: trials }], confidence),
    }
  }
  return {
    next: (trials, count) =>
      more(trials, count, answer(trials), 'more time under watch makes the interval narrower'),
    matters: (trials) => !answer(trials).done,
    answer,
  }
}

const notConstant = (shape: number, contradicted: boolean): string =>
  contradicted
    ? ` The times contradict a constant rate: it comes ${shape > 1 ? 'late in a run' : 'early in a run or seldom'} ` +
      `(Weibull shape ${shape.toPrecision(2)}), so that only runs of the same length compare.`
    : ''

/** Is it gone: as much quiet time as it takes, given how often it came in what time before. */
export function hourlyVerifyPlanner(question: {
  readonly confidence: number
  readonly before: Exposure & { readonly runs: number }
}): Planner {
  const { confidence, before } = question
  const needed = quietNeeded(before, (1 - confidence) / confidence)
  const answer: Planner['answer'] = (trials) => {
    const failed = trials.find(({ outcome }) => outcome === 'shown')
    const { seconds: quiet } = totalExposure(trials.filter(({ outcome }) => outcome === 'clean'))
    const done = failed !== undefined || quiet >= needed
    const probability = failed === undefined ? 1 / (1 + quietByChance(before, quiet)) : 1
    const was = `it came ${before.shown} times in ${timeText(before.seconds)} before`
    const usual = usualSeconds(trials)
    // What comes late in a run does not come in many short ones.
    const short =
      usual !== undefined && usual < before.seconds / before.runs / 2
        ? ` These runs last ${timeText(usual)}, those before ${timeText(before.seconds / before.runs)}: that it comes late is not excluded.`
        : ''
    return {
      done,
      sure: done,
      result: failed !== undefined ? 'still there' : done ? 'gone' : null,
      probability,
      sentence:
        failed !== undefined
          ? `It is still there: run ${failed.number} shows it, after ${timeText(failed.seconds)}.`
          : done
            ? `It is gone with probability ${probability.toFixed(3)}: ${timeText(quiet)} were clean, in ` +
              `${runsText(tally(trials).runs)}, and ${was}.${short}`
            : `${timeText(quiet)} of ${Number.isFinite(needed) ? timeText(needed) : 'no end'} were clean; ${was}.${short}`,
      runsToGo: done ? 0 : Number.isFinite(needed) ? runsOf(needed - quiet, trials) : null,
      picture: ratesPicture(
        [
          { label: 'before', of: { shown: before.shown, runs: before.runs } },
          { label: 'now', of: trials },
        ],
        confidence,
      ),
    }
  }
  return {
    next: (trials, count) =>
      more(
        trials,
        count,
        answer(trials),
        'more quiet time is evidence that it is gone; a failure settles it',
      ),
    matters: (trials) => !answer(trials).done,
    answer,
  }
}
