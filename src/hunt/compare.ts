/**
 * Is A different from B: how often it comes, or a quantity that is measured in each run. It ends when they differ, and
 * also when they are sure to differ by less than what matters. Both claims may be looked at after each run.
 */
import { compareByRanks } from '../diagnosis/stats/mann-whitney.ts'
import { median } from '../diagnosis/stats/order.ts'
import type { Answer, Level, Trial } from '../model/hunt.ts'
import type { Planner } from './planner.ts'
import { differenceInterval, evidenceOfDifference } from './stats/two-rates.ts'
import { evidenceOfDifferentRanks, rankEvidence, shiftInterval, type Observed } from './stats/two-samples.ts'
import { percent, ratesPicture, tally, telling } from './tally.ts'

export interface CompareQuestion {
  readonly confidence: number
  readonly factor: string
  readonly levels: readonly [Level, Level]
  /** Name of the measured quantity; null to compare how often it comes. */
  readonly quantity: string | null
  /** The smallest difference that matters: of rates in [0, 1]; of a quantity as a share of the first one's median. */
  readonly smallest: number
}

/** Runs of both sides before anybody guesses how many more there will be. */
const FEW = 10

export function comparePlanner(question: CompareQuestion): Planner {
  const { confidence, factor, levels, quantity, smallest } = question
  const sideOf = (trials: readonly Trial[], level: Level): Trial[] =>
    trials.filter(({ point }) => String(point[factor]) === String(level))
  const answer = (trials: readonly Trial[]): Answer => {
    const sides = levels.map((level) => ({ label: `${factor} ${level}`, trials: sideOf(trials, level) }))
    const picture = ratesPicture(
      sides.map(({ label, trials: own }) => ({ label, of: own })),
      confidence,
    )
    const found =
      quantity === null
        ? occurrence(
            sides.map(({ trials: own }) => own),
            question,
          )
        : measured(settled(trials), question, quantity)
    const { different, alike, figures, runs } = found
    const enough = -Math.log(1 - confidence)
    const differs = different >= enough
    const same = !differs && alike >= enough
    const [first, second] = levels
    // Should the evidence grow as it did.
    const most = Math.max(different, alike)
    const runsToGo = runs < FEW || most <= 0 ? null : Math.max(1, Math.round(runs * (enough / most - 1)))
    return {
      done: differs || same,
      sure: differs || same,
      result: { differs, same, ...found.result },
      probability: 1 - Math.min(1, Math.exp(-(same ? alike : different))),
      sentence: differs
        ? `${first} and ${second} differ: ${figures}.`
        : same
          ? `${first} and ${second} do not differ by as much as matters (${percent(smallest)}): ${figures}.`
          : `No difference between ${first} and ${second} is proved, and none excluded: ${figures}.`,
      runsToGo: differs || same ? 0 : runsToGo,
      picture,
    }
  }
  return {
    next: (trials, count) => {
      if (answer(trials).done) return []
      const sizes = levels.map(
        (level) => sideOf(trials, level).filter((one) => one.outcome === 'running' || telling(one)).length,
      )
      return Array.from({ length: count }, () => {
        const side = (sizes[0] ?? 0) <= (sizes[1] ?? 0) ? 0 : 1
        sizes[side] = (sizes[side] ?? 0) + 1
        return {
          point: { [factor]: levels[side] },
          why: `the side of ${factor} ${levels[side]} has fewer runs`,
        }
      })
    },
    matters: (trials) => !answer(trials).done,
    answer,
  }
}

interface Comparison {
  /** Evidence that they differ, and that they do not by as much as matters: natural logarithms. */
  readonly different: number
  readonly alike: number
  /** Runs, or values, of both sides. */
  readonly runs: number
  readonly figures: string
  readonly result: Readonly<Record<string, unknown>>
}

function occurrence(sides: readonly (readonly Trial[])[], question: CompareQuestion): Comparison {
  const [a, b] = sides.map((trials) => tally(trials))
  if (a === undefined || b === undefined) throw new Error('a comparison has two sides')
  const { confidence, smallest } = question
  const { low, high } = differenceInterval(a, b, confidence)
  const guess = a.runs === 0 || b.runs === 0 ? 0 : b.shown / b.runs - a.shown / a.runs
  // Both must be excluded, so that neither needs a share of the error (intersection-union, Berger 1982).
  const alike =
    Math.abs(guess) < smallest
      ? Math.min(evidenceOfDifference(a, b, -smallest), evidenceOfDifference(a, b, smallest))
      : 0
  const points = (share: number): string => `${share < 0 ? '-' : '+'}${percent(Math.abs(share))}`
  return {
    different: evidenceOfDifference(a, b),
    alike,
    runs: a.runs + b.runs,
    figures: `${[a, b]
      .map(({ shown, runs }) => `${shown} of ${runs} runs (${percent(runs === 0 ? 0 : shown / runs)})`)
      .join(' against ')}, a difference of ${points(low)} to ${points(high)}`,
    result: { rates: [a, b], difference: { low, high } },
  }
}

/**
 * The trials before the first that is still running. Those after it wait, for which of two runs ends first may have to do
 * with what it measures.
 */
function settled(trials: readonly Trial[]): readonly Trial[] {
  const first = trials.findIndex(({ outcome }) => outcome === 'running')
  return first < 0 ? trials : trials.slice(0, first)
}

function measured(trials: readonly Trial[], question: CompareQuestion, quantity: string): Comparison {
  const { confidence, factor, levels, smallest } = question
  const sample = trials.flatMap(({ value, point }): Observed[] => {
    const side = levels.findIndex((level) => String(point[factor]) === String(level))
    return value === undefined || side < 0 ? [] : [{ second: side === 1, value }]
  })
  const of = (wanted: boolean): number[] =>
    sample.filter(({ second }) => second === wanted).map(({ value }) => value)
  const [first, second] = [of(false), of(true)]
  if (first.length === 0 || second.length === 0) {
    const figures = `${quantity} was measured ${first.length} and ${second.length} times`
    return { different: 0, alike: 0, runs: sample.length, figures, result: { quantity } }
  }
  // Hodges and Lehmann 1963: the median of all differences.
  const shift = median(second.flatMap((one) => first.map((other) => one - other)))
  const { low, high } = shiftInterval(sample, confidence, shift)
  const limit = smallest * Math.abs(median(first))
  const superiority = (compareByRanks(first, second).delta + 1) / 2
  const number = (value: number): string =>
    Number.isFinite(value) ? value.toPrecision(3) : value < 0 ? '-∞' : '∞'
  return {
    different: evidenceOfDifferentRanks(sample),
    alike: limit > 0 ? Math.min(rankEvidence(sample, limit).lower, rankEvidence(sample, -limit).higher) : 0,
    runs: sample.length,
    figures:
      `${quantity} is ${number(Math.abs(shift))} ${shift < 0 ? 'lower' : 'higher'} in the second ` +
      `(${number(low)} to ${number(high)} around a median of ${number(median(first))}), which is above the first in ` +
      `${percent(superiority)} of pairs (${first.length} and ${second.length} runs)`,
    result: { quantity, shift, low, high, superiority },
  }
}
