/** What versions are thought to cost, and that a hunt takes less time when it knows. */
import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { Trial } from '../../model/hunt.ts'
import { bisectPlanner, line } from './index.ts'
import { practice } from './practice.ts'

const versionOf = ({ point }: Trial): number => Number(point['version'])
const trial = (version: number, rest: Partial<Trial>): Trial => ({
  number: 1,
  point: { version },
  why: '',
  outcome: 'clean',
  seconds: 10,
  ...rest,
})

test('a version that was built is cheaper than one that was not', () => {
  const trials = [
    trial(1, { beside: 42 }),
    trial(1, { beside: 2 }),
    trial(2, { outcome: 'shown', beside: 42 }),
  ]
  const { cost } = practice(trials, versionOf)
  expect(cost(1, 0.5, 0.5)).toBe(1)
  // Half a bit is thought to share the build with another run that tells as much.
  expect(cost(3, 0.5, 0.5)).toBeCloseTo((10 + 2 + 40 / 2) / 12)
  expect(cost(3, 0.5, 1)).toBeCloseTo((10 + 2 + 40) / 12)
})

test('a run that ends early with the behaviour is cheaper where it is likely', () => {
  const { cost } = practice([trial(1, {}), trial(2, { outcome: 'shown', seconds: 1 })], versionOf)
  expect(cost(3, 0, 1)).toBe(1)
  expect(cost(3, 1, 1)).toBeCloseTo(0.1)
})

test('while nothing is known of times, all versions cost the same', () => {
  const { cost } = practice([], versionOf)
  expect(cost(0, 0.9, 1)).toBe(cost(5, 0.1, 0.2))
})

const VERSIONS = 32
const HUNTS = 24

/** Total time of hunts whose runs take 1 and whose builds take `build`, with the planner told of it or not. */
function timeOf(
  build: number,
  told: boolean,
): { readonly time: number; readonly runs: number; readonly right: number } {
  const versions = Array.from({ length: VERSIONS }, (_, index) => index)
  const order = line(versions.map(String))
  const planner = bisectPlanner({ over: 'version', versions, order, confidence: 0.95 })
  let [time, runs, right] = [0, 0, 0]
  for (let seed = 1; seed <= HUNTS; seed++) {
    const random = seededRandom(seed)
    const change = 1 + random.below(VERSIONS - 1)
    const built = new Set<number>()
    const trials: Trial[] = []
    let answer = planner.answer(trials)
    while (!answer.done && trials.length < 500) {
      const [proposal] = planner.next(trials, 1)
      if (proposal === undefined) break
      const version = Number(proposal.point['version'])
      const beside = built.has(version) ? 0 : build
      built.add(version)
      time += 1 + beside
      const outcome = version >= change && random.next() < 0.4 ? 'shown' : 'clean'
      const cost = told ? { beside } : {}
      trials.push({ ...proposal, number: trials.length + 1, outcome, seconds: 1, ...cost })
      answer = planner.answer(trials)
    }
    runs += trials.length
    if (answer.result === change) right++
  }
  return { time, runs, right }
}

test('builds that take long are made less often, and those that take no time change nothing', () => {
  expect(timeOf(0, true)).toEqual(timeOf(0, false))
  const [told, untold] = [timeOf(20, true), timeOf(20, false)]
  expect(told.time / untold.time).toBeLessThan(0.95)
  expect(told.right).toBeGreaterThanOrEqual(HUNTS - 2)
})
