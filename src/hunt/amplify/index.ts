/**
 * `amplify`: at which setting the behaviour comes soonest, by occurrences per second of machine time.
 *
 * Top-two Thompson sampling (Russo, Simple Bayesian algorithms for best-arm identification, Operations Research 68,
 * 2020): the setting that is best in rates drawn from what is believed, or as often the best of another draw in which it
 * is a different one. The hunt ends when the leading setting is, with the asked confidence, the best or so near it that
 * it makes no difference.
 */
import { type Random, seededRandom } from '../../base/random.ts'
import type { Level, Point, Proposal, Trial } from '../../model/hunt.ts'
import type { Planner } from '../planner.ts'
import { answerOf, settingText } from './answer.ts'
import { type Belief, believe, guessOf, topOf } from './belief.ts'
import { type Field, covarianceOf, draw, fieldOf } from './field.ts'
import { type Tally, settingsOf, talliesOf } from './settings.ts'

export interface AmplifyOptions {
  /** At most 256 combinations of levels; levels that are all numbers are taken as ordered as they stand. */
  readonly factors: Readonly<Record<string, readonly Level[]>>
  /** Probability, below 1, that the answer must reach. */
  readonly confidence: number
  /** A setting whose rate is less than this share below the best is as good; 0.1 if left out. */
  readonly margin?: number
  /** Machine time that a run takes besides its workload, in seconds: build, boot, set-up; none if left out. */
  readonly setupSeconds?: (point: Point) => number
}

/** Draws in search of one in which another setting is the best. */
const CHALLENGES = 200

export function amplifyPlanner(options: AmplifyOptions): Planner {
  const { factors, confidence, margin = 0.1, setupSeconds = () => 0 } = options
  const settings = settingsOf(factors)
  const covariance = covarianceOf(settings, factors)

  const know = (trials: readonly Trial[]): { tallies: readonly Tally[]; field: Field } => {
    const tallies = talliesOf(settings, trials, setupSeconds)
    return { tallies, field: fieldOf(covariance, tallies, guessOf(tallies)) }
  }

  const beliefOf = (trials: readonly Trial[]): Belief => {
    const { tallies, field } = know(trials)
    return believe(settings, tallies, field, confidence, margin, seededRandom(trials.length))
  }

  const isSure = ({ good, leader, tallies }: Belief): boolean =>
    (good[leader] ?? 0) >= confidence && tallies.some(({ shown }) => shown > 0)

  return {
    next(trials, count) {
      const belief = beliefOf(trials)
      if (isSure(belief)) return []
      const random = seededRandom(trials.length + 1)
      // What is on the way is taken as going as expected: it makes its setting surer, not better or worse.
      const pending = belief.tallies.map(({ running }) => running)
      const proposals: Proposal[] = []
      while (proposals.length < count) {
        const field = expecting(covariance, belief, pending)
        const chosen = choose(field, belief.tallies, random)
        const setting = chosen === undefined ? undefined : settings[chosen.at]
        if (chosen === undefined || setting === undefined) break
        proposals.push({ point: setting.point, why: whyOf(belief, chosen) })
        pending[chosen.at] = (pending[chosen.at] ?? 0) + 1
      }
      return proposals
    },

    answer: (trials) => {
      const belief = beliefOf(trials)
      return answerOf(belief, { sure: isSure(belief), confidence, margin })
    },

    matters(trials, running) {
      const belief = beliefOf(trials)
      if (isSure(belief)) return false
      const at = settings.findIndex(({ point }) =>
        Object.keys(point).every((name) => point[name] === running.point[name]),
      )
      // As leader or challenger, also a setting that is hardly ever the best is needed to compare with.
      return at >= 0 && (at === belief.leader || (belief.best[at] ?? 0) > 1e-3)
    },
  }
}

function expecting(covariance: Float64Array, { tallies, rates }: Belief, pending: readonly number[]): Field {
  const all = tallies.reduce((sum, { runs }) => sum + runs, 0)
  const length = tallies.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, all)
  const exposures = tallies.map(({ shown, seconds }, at) => {
    const time = (pending[at] ?? 0) * (length > 0 ? length : 30)
    return { shown: shown + time * (rates[at]?.mean ?? 0), seconds: seconds + time }
  })
  return fieldOf(covariance, exposures, guessOf(tallies))
}

interface Chosen {
  readonly at: number
  /** The setting that it is compared with, if it was chosen as a challenger. */
  readonly against: number | undefined
}

function choose(field: Field, tallies: readonly Tally[], random: Random): Chosen | undefined {
  const leader = topOf(draw(field, random), tallies)
  if (leader < 0) return undefined
  if (random.next() < 0.5) return { at: leader, against: undefined }
  for (let turn = 0; turn < CHALLENGES; turn++) {
    const challenger = topOf(draw(field, random), tallies)
    if (challenger !== leader) return { at: challenger, against: leader }
  }
  return { at: leader, against: undefined }
}

function whyOf({ settings, best }: Belief, { at, against }: Chosen): string {
  const name = (index: number): string => settingText(settings[index]?.point ?? {})
  const share = (index: number): string => `${(100 * (best[index] ?? 0)).toFixed(0)} %`
  return against === undefined
    ? `${name(at)} may be the setting at which it comes soonest (${share(at)} likely)`
    : `${name(at)} (${share(at)} likely the best) may beat ${name(against)} (${share(against)})`
}
