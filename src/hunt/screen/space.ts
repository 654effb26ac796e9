/** The factors of a screening as numbers: a point is an array of level indices, a literal a set of levels of a factor. */
import type { Level, Outcome, Point, Trial } from '../../model/hunt.ts'

export interface Space {
  readonly names: readonly string[]
  readonly levels: readonly (readonly Level[])[]
  readonly literals: readonly Literal[]
}

/** "This factor has one of these levels." */
export interface Literal {
  /** Index of the factor. */
  readonly factor: number
  /** Bit l is set for each level l that counts. */
  readonly mask: number
  /** How many sets of levels of its factor are considered, and how many of these hold where the behaviour was seen. */
  readonly sets: number
  readonly setsAtStart: number
  /** Whether it holds there; undefined when nobody said where that is. */
  readonly atStart: 0 | 1 | undefined
}

/** A point as level indices, in the order of the factors. */
export type Levels = Uint8Array

export interface Observation {
  readonly levels: Levels
  readonly outcome: Outcome | 'running'
}

/** A mask has 32 bits, and the sign is not for use. */
const MOST_LEVELS = 31

/** Factors with one level cannot matter, and are only set. `start` is where the behaviour is said to have been seen. */
export function spaceOf(factors: Readonly<Record<string, readonly Level[]>>, start?: Point): Space {
  const names = Object.keys(factors)
  const levels = names.map((name) => factors[name] ?? [])
  for (const [at, list] of levels.entries()) {
    if (list.length === 0 || list.length > MOST_LEVELS)
      throw new Error(`factor ${names[at]} has ${list.length} levels; there may be 1 to ${MOST_LEVELS}`)
  }
  const literals = levels.flatMap((list, factor): Literal[] => {
    const masks = masksOf(list.length)
    const at = list.indexOf(start?.[names[factor] ?? ''] ?? Number.NaN)
    const isAtStart = (mask: number): 0 | 1 | undefined => (at < 0 ? undefined : holds(mask, at))
    const setsAtStart = masks.filter((mask) => isAtStart(mask) === 1).length
    return masks.map((mask) => ({
      factor,
      mask,
      sets: masks.length,
      setsAtStart,
      atStart: isAtStart(mask),
    }))
  })
  return { names, levels, literals }
}

/**
 * Sets of levels that are considered: one, all but one, and those up to or from one in the given order, as versions and
 * sizes have it. Of three levels these are all sets.
 */
function masksOf(count: number): number[] {
  if (count < 2) return []
  const all = 2 ** count - 1
  const masks = new Set<number>()
  for (let level = 0; level < count; level++) {
    masks.add(1 << level)
    masks.add(all & ~(1 << level))
    if (level > 0) masks.add((1 << level) - 1).add(all & ~((1 << level) - 1))
  }
  return [...masks]
}

export const pointOf = (space: Space, levels: Levels): Point =>
  Object.fromEntries(
    space.names.flatMap((name, factor) => {
      const level = space.levels[factor]?.[levels[factor] ?? 0]
      return level === undefined ? [] : [[name, level]]
    }),
  )

/** Level indices, or `undefined` for a point outside the space: a run that somebody added with another value. */
export function levelsOf(space: Space, point: Point): Levels | undefined {
  const levels = new Uint8Array(space.names.length)
  for (const [factor, name] of space.names.entries()) {
    const list = space.levels[factor] ?? []
    const level = point[name] === undefined && list.length === 1 ? 0 : list.indexOf(point[name] ?? Number.NaN)
    if (level < 0) return undefined
    levels[factor] = level
  }
  return levels
}

export const observationsOf = (space: Space, trials: readonly Trial[]): Observation[] =>
  trials.flatMap(({ point, outcome, cut }) => {
    const levels = levelsOf(space, point)
    return levels === undefined || outcome === 'void' || cut ? [] : [{ levels, outcome }]
  })

/** 1 when the point has one of the levels, else 0. */
export const holds = (mask: number, level: number): 0 | 1 => ((mask >> level) & 1) as 0 | 1

/** Factors that can matter. */
export const activeFactors = ({ levels }: Space): number => levels.filter(({ length }) => length > 1).length
