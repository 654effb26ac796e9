/** Is A different from B: how often it comes, or a quantity that is measured in each run. */
import { compareByRanks } from '../diagnosis/stats/mann-whitney.ts'
import { median } from '../diagnosis/stats/order.ts'
import type { Answer, Level, Trial } from '../model/hunt.ts'
import type { Planner } from './planner.ts'
import { evidenceOfDifference } from './stats/two-rates.ts'
import { percent, ratesPicture, tally, telling } from './tally.ts'

export interface CompareQuestion {
  readonly confidence: number
  readonly factor: string
  readonly levels: readonly [Level, Level]
  /** Name of the measured quantity; null to compare how often it comes. */
  readonly quantity: string | null
}

/** Runs of each side after which a quantity is looked at for the first time; from then on at each doubling. */
const FIRST_LOOK = 6

export function comparePlanner(question: CompareQuestion): Planner {
  const { confidence, factor, levels, quantity } = question
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
            confidence,
          )
        : measured(
            sides.map(({ trials: own }) => own),
            confidence,
            quantity,
          )
    const { differs, probability, figures } = found
    return {
      done: differs,
      sure: differs,
      result: { differs, ...found.result },
      probability,
      sentence: differs
        ? `${levels[0]} and ${levels[1]} differ: ${figures}.`
        : `No difference between ${levels[0]} and ${levels[1]} is proved: ${figures}.`,
      runsToGo: differs ? 0 : null,
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
  readonly differs: boolean
  readonly probability: number
  readonly figures: string
  readonly result: Readonly<Record<string, unknown>>
}

function occurrence(sides: readonly (readonly Trial[])[], confidence: number): Comparison {
  const [a, b] = sides.map((trials) => tally(trials))
  if (a === undefined || b === undefined) throw new Error('a comparison has two sides')
  const evidence = evidenceOfDifference(a, b)
  const differs = evidence >= -Math.log(1 - confidence)
  return {
    differs,
    probability: 1 - Math.min(1, Math.exp(-evidence)),
    figures: [a, b]
      .map(({ shown, runs }) => `${shown} of ${runs} runs (${percent(runs === 0 ? 0 : shown / runs)})`)
      .join(' against '),
    result: { rates: [a, b] },
  }
}

/** Looked at after 6, 12, 24, ... runs of each side; the k-th look may err with alpha * 6 / (pi k)^2, in all alpha. */
function measured(sides: readonly (readonly Trial[])[], confidence: number, quantity: string): Comparison {
  const [a = [], b = []] = sides.map((trials) =>
    trials.flatMap(({ value }) => (value === undefined ? [] : [value])),
  )
  const size = Math.min(a.length, b.length)
  let best: Comparison = {
    differs: false,
    probability: 0,
    figures: `${quantity} was measured ${a.length} and ${b.length} times`,
    result: { quantity },
  }
  for (let look = 1, runs = FIRST_LOOK; runs <= size; look++, runs *= 2) {
    const level = ((1 - confidence) * 6) / (Math.PI * look) ** 2
    const [first, second] = [a.slice(0, runs), b.slice(0, runs)]
    const { p, delta } = compareByRanks(first, second)
    const superiority = (delta + 1) / 2
    // Hodges and Lehmann 1963: the median of all differences.
    const shift = median(second.flatMap((one) => first.map((other) => one - other)))
    best = {
      differs: p <= level,
      probability: 1 - p,
      figures:
        `${quantity} is ${Math.abs(shift).toPrecision(3)} ${shift < 0 ? 'lower' : 'higher'} in the second (median), ` +
        `which is above the first in ${percent(superiority)} of pairs (p = ${p.toPrecision(2)}, ${runs} runs of each)`,
      result: { quantity, shift, superiority, p },
    }
    if (best.differs) break
  }
  return best
}
