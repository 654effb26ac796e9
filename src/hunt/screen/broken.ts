/**
 * Which points cannot be run, learnt from those that could not: each was broken by one of its levels, by a pair of them,
 * or by itself alone, but by nothing that another run had and went through with.
 */
import type { Levels, Observation } from './space.ts'

/** How much likelier one cause for two broken points is than two of their own. */
const SAME_CAUSE = 20
const PRIOR = { level: 0.5, pair: 0.4, point: 0.1 }

interface Cause {
  readonly first: number
  readonly second: number
  readonly weight: number
}

interface BrokenPoint {
  readonly levels: Levels
  readonly causes: readonly Cause[]
  readonly sum: number
}

/** Probability that a point can be run. */
export type Runnable = (levels: Levels) => number

export function runnableOf(observations: readonly Observation[]): Runnable {
  const broken = distinct(
    observations.filter(({ outcome }) => outcome === 'broken').map(({ levels }) => levels),
  )
  const ran = distinct(
    observations
      .filter(({ outcome }) => outcome === 'shown' || outcome === 'clean')
      .map(({ levels }) => levels),
  )
  const points = broken.map((levels) => brokenPoint(levels, broken, ran))
  return (levels) => points.reduce((product, point) => product * (1 - brokenBy(point, levels)), 1)
}

const distinct = (all: readonly Levels[]): Levels[] => [
  ...new Map(all.map((levels) => [levels.join(), levels])).values(),
]

const shares = (a: Levels, b: Levels, first: number, second: number): boolean =>
  a[first] === b[first] && a[second] === b[second]

function brokenPoint(levels: Levels, broken: readonly Levels[], ran: readonly Levels[]): BrokenPoint {
  const factors = levels.length
  const causes: Cause[] = []
  for (let first = 0; first < factors; first++) {
    for (let second = first; second < factors; second++) {
      if (ran.some((other) => shares(levels, other, first, second))) continue
      const explained = broken.filter((other) => shares(levels, other, first, second)).length
      const prior = first === second ? PRIOR.level / factors : PRIOR.pair / ((factors * (factors - 1)) / 2)
      causes.push({ first, second, weight: prior * SAME_CAUSE ** Math.min(explained - 1, 50) })
    }
  }
  return { levels, causes, sum: causes.reduce((sum, { weight }) => sum + weight, PRIOR.point) }
}

function brokenBy({ levels: broken, causes, sum }: BrokenPoint, levels: Levels): number {
  if (broken.every((level, factor) => level === levels[factor])) return 1
  let weight = 0
  for (const cause of causes) if (shares(broken, levels, cause.first, cause.second)) weight += cause.weight
  return weight / sum
}
