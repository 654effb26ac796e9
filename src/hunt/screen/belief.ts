/**
 * What is believed of the factors: every rule of none, one or two literals, and the leading pairs with a third, each with
 * its probability and the rates that it expects.
 *
 * None, one alone, two together and either of two have at least a fifth of the belief beforehand, and an answer has to
 * hold with twice as much for the other kinds (`leading`): whichever is true, one of another kind is then said in at most
 * 2 (1 - c) / c of the hunts that stop at confidence c, however often they look (Ville's inequality, over the rates as
 * believed beforehand), and in fewer than 1 - c in simulations (bench/hunt/screen.ts).
 */
import { type Levels, type Literal, type Observation, type Space, holds } from './space.ts'
import type { Counts, Fit, RateModel } from './rates.ts'

/** How the factors of a rule act. `more` is of three or more. */
export type How = 'none' | 'alone' | 'together' | 'either' | 'more'

export interface Rule {
  readonly how: How
  readonly literals: readonly Literal[]
  /** Probability. */
  readonly weight: number
  /** Expected rate where the literals hold that the bits of the index say: bit 0 the first, and so on. */
  readonly rates: readonly number[]
  /** Which of these cells have the behaviour, by the rule. */
  readonly high: readonly boolean[]
}

const PRIOR = { none: 0.22, alone: 0.22, together: 0.22, either: 0.2, more: 0.14 }

/** Pairs beyond these are left out, those first whose literals say least alone: a choice must stay fast. */
const MOST_PAIRS = 6000
/** Rules less probable than this are left out. */
const LEFT_OUT = 1e-6
/** Leading pairs that a third factor is tried with. */
const LEADERS = 6

interface Draft {
  readonly how: How
  readonly literals: readonly Literal[]
  readonly log: number
  readonly rates: readonly number[]
  readonly high: readonly boolean[]
}

/** All rules that are not left out, the most probable first. */
export function rulesOf(space: Space, model: RateModel, observations: readonly Observation[]): Rule[] {
  const tally = tallyOf(space, observations)
  const counted = observations.filter(({ outcome }) => outcome === 'shown' || outcome === 'clean')
  const drafts = [none(tally, model), ...alone(space, tally, model)]
  const best = Math.max(...drafts.map(({ log }) => log))
  const pairs = paired(space, tally, model, drafts.slice(1), best)
  drafts.push(...pairs)
  const leaders = pairs
    .toSorted((a, b) => b.log - a.log)
    .slice(0, LEADERS)
    .filter(({ log }, _, [first]) => log > (first?.log ?? 0) - 12)
  drafts.push(...extended(space, counted, model, leaders))
  return weighed(drafts)
}

function weighed(drafts: readonly Draft[]): Rule[] {
  const best = drafts.reduce((most, { log }) => Math.max(most, log), Number.NEGATIVE_INFINITY)
  const shares = drafts.map(({ log }) => Math.exp(log - best))
  const sum = shares.reduce((total, share) => total + share, 0)
  return drafts
    .map(({ how, literals, rates, high }, at) => ({
      how,
      literals,
      rates,
      high,
      weight: (shares[at] ?? 0) / sum,
    }))
    .filter(({ weight }) => weight > LEFT_OUT)
    .toSorted((a, b) => b.weight - a.weight)
}

/** Which cell of a rule a point is in: the index into its rates. */
export const cellOf = (literals: readonly Literal[], levels: Levels): number =>
  literals.reduce((cell, { factor, mask }, at) => cell | (holds(mask, levels[factor] ?? 0) << at), 0)

/** Runs by the levels of two factors at once. */
interface Tally {
  readonly shown: Uint32Array
  readonly clean: Uint32Array
  /** Where the runs stand that have these levels of two factors, the first before the second. */
  readonly index: (first: number, second: number, levelOfFirst: number, levelOfSecond: number) => number
  readonly total: Counts
}

function tallyOf(space: Space, observations: readonly Observation[]): Tally {
  const factors = space.names.length
  const width = Math.max(...space.levels.map((levels) => levels.length))
  const index = (first: number, second: number, i: number, j: number): number =>
    ((first * factors + second) * width + i) * width + j
  const shown = new Uint32Array(factors * factors * width * width)
  const clean = new Uint32Array(shown.length)
  const total = { shown: 0, clean: 0 }
  for (const { outcome, levels } of observations) {
    if (outcome !== 'shown' && outcome !== 'clean') continue
    total[outcome]++
    const cells = outcome === 'shown' ? shown : clean
    for (let first = 0; first < factors; first++) {
      for (let second = first; second < factors; second++) {
        const at = index(first, second, levels[first] ?? 0, levels[second] ?? 0)
        cells[at] = (cells[at] ?? 0) + 1
      }
    }
  }
  return { shown, clean, index, total }
}

const none = ({ total }: Tally, model: RateModel): Draft => {
  const { log, rates } = model.same(total)
  return { how: 'none', literals: [], log: log + Math.log(PRIOR.none), rates, high: [false] }
}

function alone(space: Space, tally: Tally, model: RateModel): Draft[] {
  const factors = new Set(space.literals.map(({ factor }) => factor)).size
  const two = memoised(tally.total, model)
  return space.literals.map((literal) => {
    const { factor, mask } = literal
    const high = { shown: 0, clean: 0 }
    for (let level = 0; level < (space.levels[factor]?.length ?? 0); level++) {
      if (holds(mask, level) === 0) continue
      const at = tally.index(factor, factor, level, level)
      high.shown += tally.shown[at] ?? 0
      high.clean += tally.clean[at] ?? 0
    }
    const { log, rates } = two(high)
    const prior = Math.log((PRIOR.alone * literal.share) / factors)
    return { how: 'alone', literals: [literal], log: log + prior, rates, high: [false, true] }
  })
}

/** The fit of two rates, by the runs with the higher; the others have the rest. */
function memoised(total: Counts, model: RateModel): (high: Counts) => Fit {
  const known = new Map<number, Fit>()
  return (high) => {
    const key = high.shown * 2 ** 20 + high.clean
    const fit = known.get(key) ?? model.two(less(total, high), high)
    known.set(key, fit)
    return fit
  }
}

/** Runs where neither, only the first, only the second, and both of two conditions hold. */
type Four = readonly [Counts, Counts, Counts, Counts]

const sumOf = (a: Counts, b: Counts): Counts => ({ shown: a.shown + b.shown, clean: a.clean + b.clean })
const less = (a: Counts, b: Counts): Counts => ({ shown: a.shown - b.shown, clean: a.clean - b.clean })

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

function paired(
  space: Space,
  tally: Tally,
  model: RateModel,
  singles: readonly Draft[],
  best: number,
): Draft[] {
  const factors = new Set(space.literals.map(({ factor }) => factor)).size
  if (factors < 2) return []
  const two = memoised(tally.total, model)
  const pairs = (factors * (factors - 1)) / 2
  const literals = mostTelling(singles)
  return literals.flatMap((first, at) =>
    literals.slice(at + 1).flatMap((second): Draft[] => {
      if (first.factor === second.factor) return []
      const prior = Math.log((first.share * second.share) / pairs)
      const worth = best + Math.log(LEFT_OUT) - prior
      const { together, either } = fitPair(fourOf(space, tally, first, second), model, two, worth)
      const both = [first, second]
      return [
        {
          how: 'together',
          literals: both,
          log: together.log + prior + Math.log(PRIOR.together),
          rates: together.rates,
          high: HIGH_TOGETHER,
        },
        {
          how: 'either',
          literals: both,
          log: either.log + prior + Math.log(PRIOR.either),
          rates: either.rates,
          high: HIGH_EITHER,
        },
      ]
    }),
  )
}

/** As many literals as make `MOST_PAIRS` pairs, in the order of the factors: of a pair, each also says a little alone. */
function mostTelling(singles: readonly Draft[]): Literal[] {
  const most = Math.floor(Math.sqrt(2 * MOST_PAIRS))
  return singles
    .toSorted((a, b) => b.log - a.log)
    .slice(0, most)
    .flatMap(({ literals }) => literals)
    .toSorted((a, b) => a.factor - b.factor || a.mask - b.mask)
}

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

/** Where three literals hold, or do not. */
const CELLS = [...Array(8).keys()]

/**
 * The leading pairs with each third literal: the pair as one condition, the third as the other, and two rates. That a
 * third factor changes the rate of a pair a little is not looked for: to exclude that takes more runs than all the rest.
 */
function extended(
  space: Space,
  counted: readonly Observation[],
  model: RateModel,
  leaders: readonly Draft[],
): Draft[] {
  const factors = new Set(space.literals.map(({ factor }) => factor)).size
  if (factors < 3) return []
  const triples = (factors * (factors - 1) * (factors - 2)) / 6
  const shown = marksOf(counted, ({ outcome }) => outcome === 'shown')
  const all = new Uint8Array(counted.length).fill(1)
  const two = memoised(countsOf(shown, all, all), model)
  const thirds = space.literals.map(({ factor, mask }) => {
    const marks = marksOf(counted, ({ levels }) => holds(mask, levels[factor] ?? 0) === 1)
    return { marks, counts: countsOf(shown, marks, marks) }
  })
  const seen = new Set<string>()
  return leaders.flatMap((leader) => {
    const pair = marksOf(counted, ({ levels }) => leader.high[cellOf(leader.literals, levels)] === true)
    const counts = countsOf(shown, pair, pair)
    return space.literals.flatMap((third, at): Draft[] => {
      const of = thirds[at]
      if (of === undefined || leader.literals.some(({ factor }) => factor === third.factor)) return []
      const literals = [...leader.literals, third]
      const prior = literals.reduce((product, { share }) => product * share, PRIOR.more / triples)
      const both = countsOf(shown, pair, of.marks)
      return (['together', 'either'] as const).flatMap((how): Draft[] => {
        // Three that act the same way are one rule, whichever pair of them leads; the others are six.
        const same = leader.how === how
        if (same) {
          const key = `${how} ${literals
            .map(({ factor, mask }) => `${factor}:${mask}`)
            .toSorted()
            .join()}`
          if (seen.has(key)) return []
          seen.add(key)
        }
        const { log, rates } = two(how === 'together' ? both : less(sumOf(counts, of.counts), both))
        const high = CELLS.map((cell) => {
          const held = leader.high[cell & 3] === true
          return how === 'together' ? held && cell > 3 : held || cell > 3
        })
        return [
          {
            how: 'more',
            literals,
            log: log + Math.log(prior * (same ? 1 / 4 : 1 / 12)),
            rates: high.map((one) => rates[one ? 1 : 0] ?? 0),
            high,
          },
        ]
      })
    })
  })
}

function marksOf(counted: readonly Observation[], test: (one: Observation) => boolean): Uint8Array {
  const marks = new Uint8Array(counted.length)
  for (const [run, one] of counted.entries()) if (test(one)) marks[run] = 1
  return marks
}

/** The runs that have both marks. */
function countsOf(shown: Uint8Array, some: Uint8Array, others: Uint8Array): Counts {
  let [all, came] = [0, 0]
  for (let run = 0; run < shown.length; run++) {
    const both = (some[run] ?? 0) & (others[run] ?? 0)
    all += both
    came += both & (shown[run] ?? 0)
  }
  return { shown: came, clean: all - came }
}
