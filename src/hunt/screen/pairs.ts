/** Rules of two factors: together, or either of them. */
import { PRIOR, shareOf } from './prior.ts'
import { type Counts, type Fit, type RateModel, memoised, sumOf } from './rates.ts'
import { type Draft, LEFT_OUT } from './rule.ts'
import { type Literal, type Space, activeFactors, holds } from './space.ts'
import type { Tally } from './level-tally.ts'

/** Pairs beyond these are left out, those first whose literals say least alone: a choice must stay fast. */
const MOST_PAIRS = 6000

/** Runs where neither, only the first, only the second, and both of two conditions hold. */
type Four = readonly [Counts, Counts, Counts, Counts]

interface PairFits {
  readonly together: Fit
  readonly either: Fit
}

/**
 * Together: only with both, or with one and still more with both. Either: one rate with one or both, or the rate of the
 * stronger also with both.
 */
function fitPair(
  [neither, first, second, both]: Four,
  model: RateModel,
  two: (high: Counts) => Fit,
  worth: number,
): PairFits {
  const and = two(both)
  const firstThenBoth = model.helped(sumOf(neither, second), first, both, worth)
  const secondThenBoth = model.helped(sumOf(neither, first), second, both, worth)
  const or = two(sumOf(sumOf(first, second), both))
  const firstMore = model.alike(neither, second, sumOf(first, both), worth)
  const secondMore = model.alike(neither, first, sumOf(second, both), worth)
  return {
    together: mixed([
      [0.5, and, [0, 0, 0, 1]],
      [0.25, firstThenBoth, [0, 1, 0, 2]],
      [0.25, secondThenBoth, [0, 0, 1, 2]],
    ]),
    either: mixed([
      [0.5, or, [0, 1, 1, 1]],
      [0.25, firstMore, [0, 2, 1, 2]],
      [0.25, secondMore, [0, 1, 2, 2]],
    ]),
  }
}

type Part = readonly [share: number, fit: Fit, cells: readonly [number, number, number, number]]

/** Fits with their shares beforehand, and which rate of each holds in the four cells, as one. */
function mixed(parts: readonly Part[]): Fit {
  let best = Number.NEGATIVE_INFINITY
  for (const [, { log }] of parts) best = Math.max(best, log)
  if (best === Number.NEGATIVE_INFINITY) return { log: best, rates: [0, 0, 0, 0] }
  let [sum, neither, first, second, both] = [0, 0, 0, 0, 0]
  for (const [share, { log, rates }, cells] of parts) {
    const weight = share * Math.exp(log - best)
    sum += weight
    neither += weight * (rates[cells[0]] ?? 0)
    first += weight * (rates[cells[1]] ?? 0)
    second += weight * (rates[cells[2]] ?? 0)
    both += weight * (rates[cells[3]] ?? 0)
  }
  return { log: best + Math.log(sum), rates: [neither / sum, first / sum, second / sum, both / sum] }
}

const HIGH_TOGETHER = [false, false, false, true]
const HIGH_EITHER = [false, true, true, true]

/** Rules of each two literals; `best` is the log of the most probable rule that is known. */
export function paired(
  space: Space,
  tally: Tally,
  model: RateModel,
  singles: readonly Draft[],
  best: number,
): Draft[] {
  const factors = activeFactors(space)
  if (factors < 2) return []
  const two = memoised(tally.total, model)
  const pairs = (factors * (factors - 1)) / 2
  const most = mostTelling(singles, Math.floor(Math.sqrt(2 * MOST_PAIRS)))
  return most.flatMap((first, at) =>
    most.slice(at + 1).flatMap((second): Draft[] => {
      if (first.factor === second.factor) return []
      const literals = [first, second]
      const beforehand = (how: 'together' | 'either', high: readonly boolean[]): number =>
        Math.log((PRIOR[how] * shareOf(literals, high)) / pairs)
      const ofTogether = beforehand('together', HIGH_TOGETHER)
      const ofEither = beforehand('either', HIGH_EITHER)
      const worth = best + Math.log(LEFT_OUT) - Math.max(ofTogether, ofEither)
      const { together, either } = fitPair(fourOf(space, tally, first, second), model, two, worth)
      return [
        {
          how: 'together',
          literals,
          log: together.log + ofTogether,
          rates: together.rates,
          high: HIGH_TOGETHER,
        },
        { how: 'either', literals, log: either.log + ofEither, rates: either.rates, high: HIGH_EITHER },
      ]
    }),
  )
}

/** Those of the literals that say most alone, in the order of the factors: in a rule of several each also says a little alone. */
export const mostTelling = (singles: readonly Draft[], most: number): Literal[] =>
  singles
    .toSorted((a, b) => b.log - a.log)
    .slice(0, most)
    .flatMap(({ literals }) => literals)
    .toSorted((a, b) => a.factor - b.factor || a.mask - b.mask)

function fourOf(space: Space, tally: Tally, first: Literal, second: Literal): Four {
  const four: [Counts, Counts, Counts, Counts] = [zero(), zero(), zero(), zero()]
  const columns = space.levels[second.factor]?.length ?? 0
  for (let i = 0; i < (space.levels[first.factor]?.length ?? 0); i++) {
    for (let j = 0; j < columns; j++) {
      const cell = four[holds(first.mask, i) | (holds(second.mask, j) << 1)] as {
        shown: number
        clean: number
      }
      const at = tally.index(first.factor, second.factor, i, j)
      cell.shown += tally.shown[at] ?? 0
      cell.clean += tally.clean[at] ?? 0
    }
  }
  return four
}

const zero = (): { shown: number; clean: number } => ({ shown: 0, clean: 0 })
