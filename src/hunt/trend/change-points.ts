/**
 * Where a series of results changes its level, at a stated probability of a false alarm for the whole series.
 *
 * 1. Values become normal scores (scores.ts): noise of any shape looks the same. Beside them they are looked at as they
 *    are, but for outliers (fenced.ts), which tells large steps better.
 * 2. The best step, bump and rows of steps are sought under noise that remembers (scan.ts), and tested against the best
 *    ones of noise alone (tail.ts, shuffle.ts).
 * 3. As long as a test says yes, the cut is kept, the levels are taken out, and the next one is sought: Bai and Perron's
 *    sequence of l against l + 1 breaks (Econometrica 66, 1998). A change too many is found with the stated probability.
 * 4. Every step is put where it fits best between its neighbours; one that the others explain is dropped. Its interval
 *    holds the places that are nearly as likely: Eo and Morley's inverted likelihood ratio (Quantitative Economics 6,
 *    2015).
 *
 * Only levels are looked at: a change of the scatter alone is not found.
 */
import { mean, median } from '../../diagnosis/stats/order.ts'
import type { ChangePoint, Segmentation } from '../../model/trend.ts'
import { fenced, isLarge } from './fenced.ts'
import { autocorrelation, kinds, profile, scan, type Fit, type Kind } from './scan.ts'
import { normalScores } from './scores.ts'
import { shiftOf } from './shift.ts'
import { shuffled } from './shuffle.ts'
import { slowness } from './slowness.ts'
import { memoryOf, tailOf } from './tail.ts'

/** Several values of one point in time are one point: what they share, the night, is no news the second time. */
export type Measured = number | null | readonly number[]

export interface ChangePointOptions {
  /** Probability of a false alarm in the whole series; 0.01. */
  readonly level?: number
}

/** With fewer values nothing can be told. */
export const FEWEST_VALUES = 8
/** Below so many, chance is not what it is in the limit, and is simulated. */
const FEW = 20
/** How the probability of a false alarm is shared. Most changes are steps. */
const SHARES: Readonly<Record<Kind, number>> = { step: 0.6, bump: 0.2, few: 0.1, many: 0.1 }
/** The share of scores in it; the rest is that of values as they are, which tell large steps. */
const SCORES = 0.7
/** Values are only simulated where the table says that their cut is rarer than this. */
const WORTH_A_SIMULATION = 1e-4
/** What chance exceeds so soon is not rare enough. */
const FEW_ENOUGH = 3
/** A step is dropped when the weakest of so many would be as strong by chance, with the others in place. */
const DROPPED_ABOVE = 0.05
/** What the likelihood ratio of a wrong place stays below with a probability of 95 %: -2 ln(1 - sqrt(0.95)). */
const NEARLY_AS_LIKELY = 7.35

/** A series on its way: the values that are there, and the bounds of levels found so far. */
interface State {
  readonly values: Float64Array
  /** Many values are equal. */
  readonly tied: boolean
  readonly bounds: readonly number[]
  /** Of each inner bound: chance of its change when it was found. */
  readonly chances: ReadonlyMap<number, number>
}

/** Change points of values in order of time. Missing values (null, NaN) are left out. */
export function changePoints(
  measured: readonly Measured[],
  { level = 0.01 }: ChangePointOptions = {},
): Segmentation {
  const present = measured.flatMap((one, index) => {
    const value = valueOf(one)
    return Number.isFinite(value) ? [{ index, value }] : []
  })
  const values = Float64Array.from(present, ({ value }) => value)
  const n = values.length
  if (n < FEWEST_VALUES) return { changes: [], p: null, memory: 0, values: n }
  const distinct = new Set(values).size
  if (distinct === 1) return { changes: [], p: 1, memory: 0, values: n }
  let state: State = { values, tied: 2 * distinct < n, bounds: [0, n], chances: new Map() }
  let strongest: number | null = null
  for (;;) {
    const { p, at } = nextCut(state, level)
    strongest ??= p
    if (p > level) break
    const next = polished(added(state, at, p))
    if (next.bounds.length <= state.bounds.length) break
    state = next
  }
  const memory = noiseOf(state)
  const changes = state.bounds.slice(1, -1).map((_, i) => changeAt(state, i + 1, memory))
  const indexOf = (i: number): number => present[i]?.index ?? 0
  return {
    changes: changes.map((one) => ({
      ...one,
      index: indexOf(one.index),
      from: indexOf(one.from),
      to: indexOf(one.to),
    })),
    p: strongest,
    memory,
    values: n,
  }
}

/** One value for a point in time; of pass and fail, which median has no middle of, their share. */
function valueOf(one: Measured): number {
  if (typeof one === 'number') return one
  if (one === null) return Number.NaN
  const there = one.filter(Number.isFinite)
  return there.every((value) => value === 0 || value === 1) ? mean(there) : median(there)
}

/** The values without their levels. Equal values would be torn apart, and stay. */
function flatOf({ values, tied, bounds }: State): Float64Array {
  if (tied || bounds.length === 2) return values
  const flat = new Float64Array(values.length)
  for (let level = 0; level + 1 < bounds.length; level++) {
    const [from, to] = [bounds[level] ?? 0, bounds[level + 1] ?? 0]
    const middle = values.slice(from, to).sort()[(to - from) >> 1] ?? 0
    for (let i = from; i < to; i++) flat[i] = (values[i] ?? 0) - middle
  }
  return flat
}

const scoresOf = (state: State): Float64Array => normalScores(flatOf(state))

/** A cut that may be made, and the chance of one as good in a series that has no more of them. */
interface Candidate {
  readonly p: number
  readonly at: readonly number[]
}

/** The best cut that is left: by scores, or by values where these show large steps that scores do not. */
function nextCut(state: State, level: number): Candidate {
  const flat = flatOf(state)
  const scores = normalScores(flat)
  const fit = scan(scores, state.bounds)
  const chances = chancesOf(state, scores, fit)
  if (state.tied || flat.length < FEW) return best(fit, chances, 1)
  const byScores = best(fit, chances, SCORES)
  if (byScores.p <= level) return byScores
  const byValues = largeCut(state, fenced(flat))
  return byValues.p < byScores.p ? byValues : byScores
}

function best({ cuts }: Fit, chances: Partial<Record<Kind, number>>, share: number): Candidate {
  let found: Candidate = { p: 1, at: [] }
  for (const kind of kinds) {
    const p = (chances[kind] ?? 1) / SHARES[kind] / share
    if (p < found.p) found = { p, at: cuts[kind]?.at ?? [] }
  }
  return found
}

function largeCut(state: State, values: Float64Array): Candidate {
  const fit = scan(values, state.bounds)
  const rough = chancesOf(state, values, fit)
  const large = kinds.filter((kind) => {
    const cut = fit.cuts[kind]
    const isRare = (rough[kind] ?? 1) < WORTH_A_SIMULATION
    return cut !== undefined && isRare && isLarge(values, together(state.bounds, cut.at))
  })
  const [kind] = large.toSorted((a, b) => (rough[a] ?? 1) / SHARES[a] - (rough[b] ?? 1) / SHARES[b])
  if (kind === undefined) return { p: 1, at: [] }
  const memory = memoryOf(fit.cuts[kind]?.left ?? 0, fit.length, fit.bounds.length - 1, kind)
  const one = { ...fit, cuts: { [kind]: fit.cuts[kind] } }
  return best(one, shuffled(values, one, memory, FEW_ENOUGH), 1 - SCORES)
}

function chancesOf({ tied }: State, scores: Float64Array, fit: Fit): Partial<Record<Kind, number>> {
  const levels = fit.bounds.length - 1
  const memory = (kind: Kind): number => memoryOf(fit.cuts[kind]?.left ?? 0, fit.length, levels, kind)
  // The table knows what a step takes from noise, not from pass and fail, of which it may explain all.
  if (tied) return shuffled(scores, fit, memoryOf(fit.cuts.step?.left ?? 0, fit.length, levels))
  if (fit.length < FEW) return shuffled(scores, fit, memory('step'))
  const chances: Partial<Record<Kind, number>> = {}
  for (const kind of kinds) {
    const cut = fit.cuts[kind]
    if (cut === undefined) continue
    const gain = cut.gain / slowness(scores, together(fit.bounds, cut.at), cut.left)
    // A step or bump was sought in each level; repeated cuts, in all of them.
    const places = kind === 'step' || kind === 'bump' ? lengthsOf(fit.bounds) : [fit.length]
    chances[kind] = places.reduce((sum, length) => sum + tailOf(kind, length, memory(kind), gain), 0)
  }
  return chances
}

const together = (bounds: readonly number[], more: readonly number[]): number[] =>
  [...bounds, ...more].toSorted((a, b) => a - b)

const lengthsOf = (bounds: readonly number[]): number[] =>
  bounds.slice(1).map((to, i) => to - (bounds[i] ?? 0))

function added({ chances, bounds, ...state }: State, at: readonly number[], p: number): State {
  return {
    ...state,
    bounds: together(bounds, at),
    chances: new Map([...chances, ...at.map((index) => [index, p] as const)]),
  }
}

/** Every step where it fits best between its neighbours, and without those that chance explains. */
function polished(state: State): State {
  const moved = relocated(state)
  if (moved.bounds.length === 3) return moved
  const memory = noiseOf(moved)
  const chances = moved.bounds.slice(1, -1).map((_, i) => chanceWithout(moved, i + 1, memory))
  const weakest = chances.indexOf(Math.max(...chances))
  return (chances[weakest] ?? 0) * chances.length > DROPPED_ABOVE
    ? polished(without(moved, weakest + 1))
    : moved
}

/** Memory of the noise around all levels; of noise that is slower than AR(1), the one with the same long-run variance. */
function noiseOf(state: State): number {
  const scores = scoresOf(state)
  const left = autocorrelation(scores, state.bounds)
  const memory = memoryOf(left, scores.length, state.bounds.length - 1)
  const variance = (slowness(scores, state.bounds, left) * (1 + memory)) / (1 - memory)
  return (variance - 1) / (variance + 1)
}

const without = (state: State, i: number): State => ({ ...state, bounds: state.bounds.toSpliced(i, 1) })

/**
 * Gains of every place between the neighbours of a bound, had it not been found. Scores blur a large step, across which
 * all ranks are the same: here values count as they are, up to outliers of both levels. Equal values keep their scores.
 */
function placesOf({ values, tied, bounds }: State, i: number): { from: number; gains: Float64Array } {
  const [from = 0, middle = 0, to = 0] = bounds.slice(i - 1, i + 2)
  const part = values.subarray(from, to)
  const seen = tied ? normalScores(part) : withoutOutliers(part, middle - from)
  return { from, gains: profile(seen) }
}

/** Scaled median absolute deviations from a level at which a value is an outlier. */
const OUTLIER = 2.5

/** Values with outliers moved to where they begin, of the lower or the higher one of two levels. */
function withoutOutliers(values: Float64Array, middle: number): Float64Array {
  const sides = [values.slice(0, middle).sort(), values.slice(middle).sort()]
  const levels = sides.map((side) => side[side.length >> 1] ?? 0)
  const far = values.map((value, i) => Math.abs(value - (levels[i < middle ? 0 : 1] ?? 0))).sort()
  const reach = OUTLIER * 1.4826 * (far[far.length >> 1] ?? 0)
  if (reach === 0) return values
  const [low, high] = [Math.min(...levels) - reach, Math.max(...levels) + reach]
  return values.map((value) => Math.max(low, Math.min(high, value)))
}

const bestOf = (gains: Float64Array): number =>
  gains.reduce((best, gain, i) => (gain > (gains[best] ?? 0) ? i : best), 0)

function relocated(state: State): State {
  let moved = state
  for (let i = 1; i + 1 < state.bounds.length; i++) {
    const { from, gains } = placesOf(moved, i)
    const best = bestOf(gains)
    if (best === 0) continue
    const old = moved.bounds[i] ?? 0
    const chances = new Map(moved.chances)
    chances.set(from + best, moved.chances.get(old) ?? 1)
    moved = { ...moved, bounds: moved.bounds.with(i, from + best), chances }
  }
  return moved
}

/** Chance of a step as good as a bound's, with all the others in place. */
function chanceWithout(state: State, i: number, memory: number): number {
  const { gains } = placesOf(state, i)
  return tailOf('step', gains.length, memory, gains[bestOf(gains)] ?? 0)
}

function changeAt(state: State, i: number, memory: number): ChangePoint {
  const { values, bounds, chances } = state
  const [from = 0, index = 0, to = 0] = bounds.slice(i - 1, i + 2)
  const places = placesOf(state, i)
  const best = Math.max(...places.gains)
  const likely = [...places.gains.keys()].filter(
    (place) => (places.gains[place] ?? 0) >= best - NEARLY_AS_LIKELY,
  )
  return {
    ...shiftOf(Array.from(values.subarray(from, index)), Array.from(values.subarray(index, to)), memory),
    index,
    from: from + Math.min(index - from, likely[0] ?? 0),
    to: from + Math.max(index - from, likely.at(-1) ?? 0),
    p: chances.get(index) ?? 1,
  }
}
