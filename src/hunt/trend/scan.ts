/**
 * The likelihood of a series with steps in its level, under noise that remembers: AR(1), its coefficient and variance
 * fitted anew with every step that is tried. So a step need not be told from slow noise beforehand, which no estimate
 * of the noise can do: both explanations compete. The gain of a step is `n ln(error without / error with)`, twice the
 * logarithm of the likelihood ratio. Prefix sums make every trial O(1).
 *
 * Cho and Fryzlewicz (Multiple change point detection under serial dependence, 2020, arXiv 2011.13884) choose their
 * models the same way, by an information criterion; here the gain is tested (tail.ts), for a stated rate of false alarms.
 */

/** Fewest points between two steps, and at both ends. */
export const LEAST = 3
/** A step explains at most all but this share: a series without noise has no end of likelihood. */
const FLOOR = 1e-3

/** One step; two steps within a level; the steps that cutting again and again makes. */
export const kinds = ['step', 'bump', 'few', 'many'] as const
export type Kind = (typeof kinds)[number]

/** How many steps are made, and the fewest values that are cut so often. */
const REPEATED = { few: { cuts: 4, least: 18 }, many: { cuts: 8, least: 40 } } as const

/** A way to cut the series further. */
export interface Cut {
  /** Indices at which a new level begins, ascending. */
  readonly at: readonly number[]
  /** Twice the logarithm of the likelihood ratio. */
  readonly gain: number
  /** Lag-1 autocorrelation of what the cut leaves. */
  readonly left: number
}

/** A series between the bounds of its levels, and how it might be cut further. */
export interface Fit {
  readonly length: number
  /** 0, the indices at which a level begins, and the length. */
  readonly bounds: readonly number[]
  /** The best cut of each kind; missing where none fits. */
  readonly cuts: Readonly<Partial<Record<Kind, Cut>>>
}

interface Sums {
  /** Sums of the first i deviations from the levels. */
  readonly prefix: Float64Array
  readonly squares: number
  /** Sum of products of neighbours. */
  readonly products: number
}

/** Squared error of one step ahead: what AR(1) leaves. Noise that alternates counts as noise without memory. */
function errorOf(squares: number, products: number, floor: number): number {
  if (squares <= floor) return floor
  const left = products > 0 ? squares - (products * products) / squares : squares
  return left > floor ? left : floor
}

function sumsOf(values: Float64Array, bounds: readonly number[]): Sums {
  const prefix = new Float64Array(values.length + 1)
  let [squares, products, before] = [0, 0, 0]
  for (let level = 0; level + 1 < bounds.length; level++) {
    const [from, to] = [bounds[level] ?? 0, bounds[level + 1] ?? 0]
    let sum = 0
    for (let i = from; i < to; i++) sum += values[i] ?? 0
    const mean = sum / (to - from)
    for (let i = from; i < to; i++) {
      const deviation = (values[i] ?? 0) - mean
      prefix[i + 1] = (prefix[i] ?? 0) + deviation
      squares += deviation * deviation
      products += deviation * before
      before = deviation
    }
  }
  return { prefix, squares, products }
}

/** The best of what was tried so far. */
interface Best {
  error: number
  left: number
  first: number
  second: number
}

const nothing = (): Best => ({ error: Infinity, left: 0, first: 0, second: 0 })

/** Lag-1 autocorrelation of a series around its levels. */
export function autocorrelation(values: Float64Array, bounds: readonly number[]): number {
  const { squares, products } = sumsOf(values, bounds)
  return squares > 0 ? products / squares : 0
}

/** Tries every step, bumps of widths that grow by half, and repeated cutting, within every level. */
export function scan(values: Float64Array, bounds: readonly number[] = [0, values.length]): Fit {
  const sums = sumsOf(values, bounds)
  const floor = sums.squares * FLOOR
  const length = values.length
  if (floor === 0) return { length, bounds, cuts: {} }
  const without = errorOf(sums.squares, sums.products, floor)
  const gainOf = (error: number): number => length * Math.log(without / error)
  const [step, bump] = [nothing(), nothing()]
  for (let level = 0; level + 1 < bounds.length; level++) {
    tryLevel(sums, floor, bounds[level] ?? 0, bounds[level + 1] ?? 0, step, bump)
  }
  const cuts: Partial<Record<Kind, Cut>> = {}
  if (step.error < Infinity) cuts.step = { at: [step.first], gain: gainOf(step.error), left: step.left }
  if (bump.error < Infinity) {
    cuts.bump = { at: [bump.first, bump.second], gain: gainOf(bump.error), left: bump.left }
  }
  let repeated: readonly number[] = bounds
  for (const kind of ['few', 'many'] as const) {
    if (length < REPEATED[kind].least) continue
    repeated = cutAgain(values, repeated, bounds.length + REPEATED[kind].cuts)
    const { squares, products } = sumsOf(values, repeated)
    const left = squares > floor ? products / squares : 0
    const at = repeated.filter((bound) => !bounds.includes(bound))
    if (at.length > 0) cuts[kind] = { at, gain: gainOf(errorOf(squares, products, floor)), left }
  }
  return { length, bounds, cuts }
}

/** Binary segmentation: the step that takes away the most squares, until there are so many bounds. */
function cutAgain(values: Float64Array, bounds: readonly number[], many: number): number[] {
  const { prefix } = sumsOf(values, bounds)
  const split = (from: number, to: number): { from: number; to: number; at: number; squares: number } => {
    const [start, end] = [prefix[from] ?? 0, prefix[to] ?? 0]
    const mean = (end - start) / (to - from)
    let [at, squares] = [0, 0]
    for (let i = from + LEAST; i <= to - LEAST; i++) {
      const excess = (prefix[i] ?? 0) - start - mean * (i - from)
      const gone = (excess * excess * (to - from)) / ((i - from) * (to - i))
      if (gone > squares) [at, squares] = [i, gone]
    }
    return { from, to, at, squares }
  }
  const found = [...bounds]
  const open = bounds.slice(1).map((to, i) => split(bounds[i] ?? 0, to))
  while (found.length < many) {
    const best = open.reduce((a, b) => (b.squares > a.squares ? b : a))
    if (best.squares === 0) break
    found.push(best.at)
    open.splice(open.indexOf(best), 1, split(best.from, best.at), split(best.at, best.to))
  }
  return found.sort((a, b) => a - b)
}

function tryLevel(sums: Sums, floor: number, from: number, to: number, step: Best, bump: Best): void {
  for (let at = from + LEAST; at <= to - LEAST; at++) tryCut(sums, floor, from, at, to, to, step)
  // A bump that is off by a point leaves a spike at each edge, which noise with memory does not: the nearest of the grid
  // is told by its squares alone, and its edges are moved afterwards.
  const { prefix } = sums
  const mean = ((prefix[to] ?? 0) - (prefix[from] ?? 0)) / (to - from)
  let [first, second, most] = [0, 0, 0]
  const widest = to - from - 2 * LEAST
  for (let width = LEAST; width <= widest; width = Math.ceil(width * 1.5)) {
    const stride = Math.max(1, Math.floor(width / 3))
    for (let at = from + LEAST; at + width <= to - LEAST; at += stride) {
      tryCut(sums, floor, from, at, at + width, to, bump)
      const excess = (prefix[at + width] ?? 0) - (prefix[at] ?? 0) - mean * width
      const gone = (excess * excess) / (width * (to - from - width))
      if (gone > most) [first, second, most] = [at, at + width, gone]
    }
  }
  if (bump.error < Infinity && bump.first > from && bump.second < to) sharpen(sums, floor, from, to, bump)
  if (most === 0) return
  const other = nothing()
  tryCut(sums, floor, from, first, second, to, other)
  sharpen(sums, floor, from, to, other)
  if (other.error < bump.error) Object.assign(bump, other)
}

/** Moves the edges of the best bump off the grid. */
function sharpen(sums: Sums, floor: number, from: number, to: number, bump: Best): void {
  const reach = Math.ceil((bump.second - bump.first) / 2)
  const { first, second } = bump
  for (let at = Math.max(from + LEAST, first - reach); at <= Math.min(second - LEAST, first + reach); at++) {
    tryCut(sums, floor, from, at, second, to, bump)
  }
  const start = bump.first
  for (let at = Math.max(start + LEAST, second - reach); at <= Math.min(to - LEAST, second + reach); at++) {
    tryCut(sums, floor, from, start, at, to, bump)
  }
}

/** Cuts [from, to) at `first` and `second`, in three, or in two when `second` is `to`; keeps it when it is better. */
function tryCut(
  { prefix, squares, products }: Sums,
  floor: number,
  from: number,
  first: number,
  second: number,
  to: number,
  best: Best,
): void {
  const n = prefix.length - 1
  const start = prefix[from] ?? 0
  const [left, middle] = [(prefix[first] ?? 0) - start, (prefix[second] ?? 0) - (prefix[first] ?? 0)]
  const right = (prefix[to] ?? 0) - (prefix[second] ?? 0)
  const a = left / (first - from)
  const b = middle / (second - first)
  const c = second === to ? 0 : right / (to - second)
  const inside = squares - left * a - middle * b - right * c
  // Each neighbour's product loses what the levels had in it: x y becomes (x - level of x)(y - level of y).
  const before = (i: number): number => prefix[i > 0 ? i - 1 : 0] ?? 0
  const after = (i: number): number => prefix[i < n ? i + 1 : n] ?? 0
  let product =
    products -
    a * (after(first) - after(from) + before(first) - before(from)) -
    b * (after(second) - after(first) + before(second) - before(first)) +
    a * a * (first - from - 1) +
    a * b +
    b * b * (second - first - 1)
  if (second !== to) {
    product +=
      b * c + c * c * (to - second - 1) - c * (after(to) - after(second) + before(to) - before(second))
  }
  const error = errorOf(inside, product, floor)
  if (error >= best.error) return
  best.error = error
  best.left = inside > floor ? product / inside : 0
  best.first = first
  best.second = second
}

/** Gain of a step at every index of a series of one level; -Infinity where none fits. */
export function profile(values: Float64Array): Float64Array {
  const n = values.length
  const sums = sumsOf(values, [0, n])
  const floor = sums.squares * FLOOR
  const without = errorOf(sums.squares, sums.products, floor)
  const gains = new Float64Array(n).fill(-Infinity)
  for (let at = LEAST; at <= n - LEAST; at++) {
    const best = nothing()
    tryCut(sums, floor, 0, at, n, n, best)
    gains[at] = n * Math.log(without / best.error)
  }
  return gains
}
