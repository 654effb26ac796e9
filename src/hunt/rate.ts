/** How often it comes, to a given width; or which of two rates it is. */
import type { Answer } from '../model/hunt.ts'
import type { Planner } from './planner.ts'
import { confidenceSequence } from './stats/confidence-sequence.ts'
import { decide } from './stats/sprt.ts'
import { again, percent, ratesPicture, runsText, tally } from './tally.ts'

export interface RateQuestion {
  readonly confidence: number
  /** Width of the interval that is enough, in (0, 1). */
  readonly width: number
  /** Two rates to decide between instead. */
  readonly between: readonly [low: number, high: number] | null
}

export function ratePlanner({ confidence, width, between }: RateQuestion): Planner {
  const answer: Planner['answer'] = (trials): Answer => {
    const count = tally(trials)
    const { low, high } = confidenceSequence(count.shown, count.runs, confidence)
    const picture = ratesPicture([{ label: 'all runs', of: trials }], confidence)
    const said = `It showed in ${count.shown} of ${runsText(count.runs)}`
    if (between !== null) {
      const [lower, upper] = between
      const side = decide(count, { low: lower, high: upper, error: 1 - confidence })
      const rate = side === 'low' ? lower : upper
      return {
        done: side !== null,
        sure: side !== null,
        result: side === null ? null : rate,
        probability: side === null ? 0 : confidence,
        sentence:
          side === null
            ? `${said}: not decided yet.`
            : `${said}: rather ${percent(rate)} than ${percent(side === 'low' ? upper : lower)}.`,
        runsToGo: side === null ? null : 0,
        picture,
      }
    }
    const done = high - low <= width
    return {
      done,
      sure: done,
      result: { rate: count.runs === 0 ? null : count.shown / count.runs, low, high },
      probability: confidence,
      sentence: `${said}: ${percent(low)} to ${percent(high)} of runs, at ${percent(confidence)} confidence.`,
      runsToGo: done
        ? 0
        : runsToWidth(count.runs === 0 ? 0.5 : count.shown / count.runs, count.runs, confidence, width),
      picture,
    }
  }
  return {
    next: (trials, count) => {
      const { done, runsToGo } = answer(trials)
      const running = trials.filter(({ outcome }) => outcome === 'running').length
      const room = runsToGo === null ? count : Math.max(running === 0 ? 1 : 0, runsToGo - running)
      return done ? [] : again(Math.min(count, room), 'one more run makes the interval narrower')
    },
    matters: (trials) => !answer(trials).done,
    answer,
  }
}

/** Runs until the interval is as narrow as asked, should the rate stay what it is. */
function runsToWidth(rate: number, runs: number, confidence: number, width: number): number {
  const wide = (total: number): boolean => {
    const { low, high } = confidenceSequence(Math.round(rate * total), total, confidence)
    return high - low > width
  }
  let high = Math.max(1, runs)
  while (wide(high) && high < 1e7) high *= 2
  let low = high / 2
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (wide(middle)) low = middle
    else high = middle
  }
  return Math.max(1, high - runs)
}
