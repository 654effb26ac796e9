/**
 * `screen`: which of many factors, alone or up to three together, drives the behaviour.
 *
 * Bayesian over sparse rules (belief.ts), with unknown rates integrated out (rates.ts); the next run is the one whose
 * outcome is expected to tell most about the rule (information.ts, design.ts), in the manner of adaptive group testing
 * (Cuturi, Teboul, Vert: Noisy adaptive group testing using Bayesian sequential experimental design, 2020). The first runs are
 * of the definition as it is: from one run that shows the behaviour there is a way to each factor, while clean runs say next to
 * nothing of a rule that takes three of them.
 */
import { seededRandom } from '../../base/random.ts'
import type { Level, Point, Proposal, Trial } from '../../model/hunt.ts'
import type { Planner } from '../planner.ts'
import { answerOf, leading } from './answer.ts'
import { rulesOf } from './belief.ts'
import type { Rule } from './rule.ts'
import { runnableOf } from './broken.ts'
import { type Choice, type Design, bestPoint } from './design.ts'
import { cloudOf, imagine, informationOf, worldOf } from './information.ts'
import { rateModel } from './rates.ts'
import { type Levels, type Observation, levelsOf, observationsOf, pointOf, spaceOf } from './space.ts'
import { whyOf } from './why.ts'

export interface ScreenOptions {
  /** The levels of each factor; those with one level are only set. */
  readonly factors: Readonly<Record<string, readonly Level[]>>
  /** Probability, below 1, that the answer must reach. */
  readonly confidence: number
  /** A factor that never brings the rate to this is said not to matter; 0.1 if left out. Less takes more runs. */
  readonly leastRate?: number
  /** Where the behaviour is said to have been seen: the first runs are made there, and rules that say so are likelier. */
  readonly start?: Point
  /** Expected seconds of a run at a point, its build and its set-up included; left out, all take the same. */
  readonly secondsOf?: (point: Point) => number
}

/** Possible outcomes of the runs on the way that are gone through. */
const WORLDS = 8
/** Runs of the definition as it is, while the behaviour has not shown in it. */
const MOST_STARTS = 3
/** Below this many nats no run tells anything: ten thousand would make one. */
const LEAST = 1e-4

export function screenPlanner({
  factors,
  confidence,
  leastRate = 0.1,
  start,
  secondsOf,
}: ScreenOptions): Planner {
  const space = spaceOf(factors, start)
  const model = rateModel(leastRate)
  const startLevels = start && levelsOf(space, start)

  const designOf = (
    trials: readonly Trial[],
    observations: readonly Observation[],
    rules: readonly Rule[],
  ): Design => ({
    space,
    rules,
    clouds: [cloudOf(rules, observations.length)],
    runnable: runnableOf(observations),
    secondsOf: secondsOf === undefined ? () => 1 : (levels) => secondsOf(pointOf(space, levels)),
    random: seededRandom(trials.length),
  })

  return {
    next(trials, count) {
      const observations = observationsOf(space, trials)
      const rules = rulesOf(space, model, observations)
      if ((leading(rules)?.probability ?? 0) >= confidence) return []
      return batch(designOf(trials, observations, rules), observations, count, startLevels)
    },

    answer(trials) {
      const observations = observationsOf(space, trials)
      const rules = rulesOf(space, model, observations)
      const best = bestPoint(designOf(trials, observations, rules))
      return answerOf({ space, rules, observations, confidence, information: best.information, least: LEAST })
    },

    matters(trials, running) {
      const observations = observationsOf(space, trials)
      const rules = rulesOf(space, model, observations)
      if ((leading(rules)?.probability ?? 0) >= confidence) return false
      const levels = levelsOf(space, running.point)
      return levels !== undefined && informationOf(cloudOf(rules, observations.length), levels) >= LEAST
    },
  }
}

/** Greedily: each point as if those before it were on the way. */
function batch(
  design: Design,
  observations: readonly Observation[],
  count: number,
  start: Levels | undefined,
): Proposal[] {
  const { space, random, rules } = design
  const [cloud] = design.clouds
  if (cloud === undefined) return []
  const running = observations.filter(({ outcome }) => outcome === 'running')
  // One run alone needs no imagining.
  const worlds =
    running.length + count > 1 ? Array.from({ length: WORLDS }, () => worldOf(cloud, random)) : []
  for (const { levels } of running) for (const world of worlds) imagine(world, levels, random)
  const imagined = worlds.map((world) => world.cloud)
  const proposals: Proposal[] = []
  const propose = (levels: Levels, why: string): void => {
    proposals.push({ point: pointOf(space, levels), why })
    for (const world of worlds) imagine(world, levels, random)
  }
  const isStart = ({ levels, outcome }: Observation): boolean =>
    outcome !== 'shown' && levels.every((level, factor) => level === start?.[factor])
  if (start !== undefined && observations.length < MOST_STARTS && observations.every(isStart))
    propose(start, 'the definition as it is: there it is said to have been seen')
  while (proposals.length < count) {
    const clouds = running.length + proposals.length > 0 ? imagined : design.clouds
    const { levels, information }: Choice = bestPoint({ ...design, clouds })
    if (information < LEAST) break
    propose(levels, whyOf(space, rules, levels))
  }
  return proposals
}
