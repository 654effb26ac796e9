/**
 * Which point to run next: the one that tells most a second, among random points, points at which the leading rules
 * hold or just fail, and what changing one factor at a time makes of the best of these.
 */
import type { Random } from '../../base/random.ts'
import type { Rule } from './rule.ts'
import { type Cloud, informationOf } from './information.ts'
import type { Runnable } from './broken.ts'
import { type Levels, type Literal, type Space, holds } from './space.ts'

const RANDOM_POINTS = 24
const LEADERS = 5
/** How many of the best points are improved, and how often each is gone through. */
const IMPROVED = 3
const SWEEPS = 2

export interface Design {
  readonly space: Space
  readonly rules: readonly Rule[]
  /** What is believed, once or in several possible worlds. */
  readonly clouds: readonly Cloud[]
  readonly runnable: Runnable
  /** Expected seconds of a run at a point; 1 when all take the same. */
  readonly secondsOf: (levels: Levels) => number
  readonly random: Random
}

export interface Choice {
  readonly levels: Levels
  /** Expected information in nats, with the chance that it cannot be run. */
  readonly information: number
}

interface Scored extends Choice {
  /** Information per second. */
  readonly score: number
}

export function bestPoint(design: Design): Choice {
  const start = [...candidates(design)]
    .map((levels) => scored(design, levels))
    .toSorted((a, b) => b.score - a.score)
  let best = start[0] ?? scored(design, new Uint8Array(design.space.names.length))
  for (const one of start.slice(0, IMPROVED)) {
    const better = improved(design, one)
    if (better.score > best.score) best = better
  }
  return best
}

function scored({ clouds, runnable, secondsOf }: Design, levels: Levels): Scored {
  const works = runnable(levels)
  if (works < 1e-9) return { levels, information: 0, score: 0 }
  const sum = clouds.reduce((total, cloud) => total + informationOf(cloud, levels), 0)
  const information = (works * sum) / clouds.length
  return { levels, information, score: information / secondsOf(levels) }
}

/** Coordinate exchange (Meyer and Nachtsheim, Technometrics 37, 1995): each factor in turn takes its best level. */
function improved(design: Design, from: Scored): Scored {
  let best = from
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const before = best
    for (const factor of shuffled(design.space.names.length, design.random)) {
      for (let level = 0; level < (design.space.levels[factor]?.length ?? 0); level++) {
        if (level === best.levels[factor]) continue
        const levels = best.levels.slice()
        levels[factor] = level
        const other = scored(design, levels)
        if (other.score > best.score) best = other
      }
    }
    if (best === before) break
  }
  return best
}

function shuffled(count: number, random: Random): number[] {
  const order = [...Array(count).keys()]
  for (let at = count - 1; at > 0; at--) {
    const other = random.below(at + 1)
    const [a = 0, b = 0] = [order[at], order[other]]
    order[at] = b
    order[other] = a
  }
  return order
}

function* candidates({ space, rules, random }: Design): Generator<Levels> {
  for (let at = 0; at < RANDOM_POINTS; at++) yield randomPoint(space, random)
  for (const { literals } of rules.filter(({ how }) => how !== 'none').slice(0, LEADERS)) {
    for (let cell = 0; cell < 2 ** literals.length; cell++) {
      const levels = randomPoint(space, random)
      for (const [at, literal] of literals.entries()) {
        const level = randomLevel(space, literal, (cell >> at) & 1, random)
        if (level !== undefined) levels[literal.factor] = level
      }
      yield levels
    }
  }
}

export const randomPoint = (space: Space, random: Random): Levels =>
  Uint8Array.from(space.levels, (levels) => random.below(levels.length))

/** A level at which the literal holds (`wanted` 1) or does not (0). */
function randomLevel(
  space: Space,
  { factor, mask }: Literal,
  wanted: number,
  random: Random,
): number | undefined {
  const levels = [...(space.levels[factor] ?? []).keys()].filter((level) => holds(mask, level) === wanted)
  return levels.length === 0 ? undefined : random.pick(levels)
}
