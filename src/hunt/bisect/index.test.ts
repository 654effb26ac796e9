/** Simulated histories with fixed seeds: what is answered, and how often that is right. Figures: bench/hunt/bisect.ts. */
import { expect, test } from 'vitest'
import { seededRandom, type Random } from '../../base/random.ts'
import type { Outcome, Trial } from '../../model/hunt.ts'
import type { Planner } from '../planner.ts'
import { bisectPlanner, graph, line } from './index.ts'

interface World {
  readonly planner: Planner
  /** What a run of a version does. */
  readonly outcome: (version: string) => Outcome
  readonly together?: number
}

/** Makes runs until there is an answer, and gives all of them. */
function conduct({ planner, outcome, together = 1 }: World): Trial[] {
  const trials: Trial[] = []
  for (let round = 0; round < 2000 && !planner.answer(trials).done; round++) {
    for (const { point, why } of planner.next(trials, together)) {
      const version = String(point['version'])
      trials.push({ number: trials.length + 1, point, why, outcome: outcome(version), seconds: 1 })
    }
  }
  return trials
}

const bisection = (versions: readonly number[]): Planner =>
  bisectPlanner({ over: 'version', versions, order: line(versions.map(String)), confidence: 0.95 })

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

/** Shows the behaviour at a rate from a version on. */
const failing =
  (random: Random, since: number, fresh: number, old = 0) =>
  (version: string): Outcome =>
    random.next() < (Number(version) >= since ? fresh : old) ? 'shown' : 'clean'

test('told how often it came before, it is right where it often came', () => {
  const versions = upTo(64)
  const planner = bisectPlanner({
    over: 'version',
    versions,
    order: line(versions.map(String)),
    confidence: 0.95,
    // More than a likelihood can be multiplied out for.
    before: { shown: 600, runs: 1200 },
  })
  for (const since of [2, 20, 40, 60]) {
    const trials = conduct({ planner, outcome: failing(seededRandom(since), since, 1, 0.5) })
    expect(planner.answer(trials)).toMatchObject({ sure: true, result: since })
  }
})

test('a change that always breaks is found in little more than a bisection takes', () => {
  const planner = bisection(upTo(128))
  for (const since of [1, 2, 64, 127, 128]) {
    const trials = conduct({ planner, outcome: failing(seededRandom(1), since, 1) })
    expect(planner.answer(trials)).toMatchObject({ sure: true, result: since })
    expect(trials.length).toBeLessThanOrEqual(14)
  }
})

test.each([
  { fresh: 0.5, old: 0 },
  { fresh: 0.8, old: 0.2 },
])('at rates $fresh and $old the answer is right about as often as it says', ({ fresh, old }) => {
  const planner = bisection(upTo(16))
  const seeds = upTo(30)
  const right = seeds.filter((seed) => {
    const random = seededRandom(seed)
    const since = 1 + random.below(16)
    return planner.answer(conduct({ planner, outcome: failing(random, since, fresh, old) })).result === since
  })
  expect(right.length / seeds.length).toBeGreaterThanOrEqual(0.9)
})

test('runs that say nothing, and builds that fail now and then, do not turn it', () => {
  const planner = bisection(upTo(16))
  const seeds = upTo(20)
  const right = seeds.filter((seed) => {
    const random = seededRandom(seed)
    const since = 1 + random.below(16)
    const real = failing(random, since, 0.5)
    const outcome = (version: string): Outcome => {
      const luck = random.next()
      return luck < 0.2 ? 'void' : luck < 0.3 ? 'broken' : real(version)
    }
    return planner.answer(conduct({ planner, outcome })).result === since
  })
  expect(right.length / seeds.length).toBeGreaterThanOrEqual(0.9)
})

test('versions that cannot be run are answered together with the next that can', () => {
  const planner = bisection(upTo(16))
  const always = failing(seededRandom(1), 7, 1)
  const outcome = (version: string): Outcome =>
    ['6', '7', '8'].includes(version) ? 'broken' : always(version)
  const { done, sure, result, sentence } = planner.answer(conduct({ planner, outcome }))
  expect({ done, sure, result }).toEqual({ done: true, sure: true, result: [6, 7, 8, 9] })
  expect(sentence).toMatch(/^One of version 6 to 9, which cannot be told apart, brought it/)
})

test('twenty at once are spread over what is open, and the answer is as good', () => {
  const planner = bisection(upTo(128))
  const first = planner.next([], 20).map(({ point }) => point['version'])
  expect(new Set(first).size).toBeGreaterThan(4)
  const trials = conduct({ planner, outcome: failing(seededRandom(5), 90, 0.5), together: 20 })
  expect(planner.answer(trials)).toMatchObject({ sure: true, result: 90 })
})

test('the next run is the same whoever asks, and depends on nothing but the trials', () => {
  const planner = bisection(upTo(64))
  const trials = conduct({ planner, outcome: failing(seededRandom(9), 20, 0.7) }).slice(0, 9)
  expect(bisection(upTo(64)).next(trials, 4)).toEqual(planner.next(trials, 4))
})

test('a run is stopped when its version can tell nothing any more', () => {
  const planner = bisection(upTo(8))
  const at = (version: number, outcome: Trial['outcome']): Trial => ({
    number: 1,
    point: { version },
    why: '',
    outcome,
    seconds: 1,
  })
  const of = (version: number, outcome: Trial['outcome']): Trial[] => upTo(9).map(() => at(version, outcome))
  expect(planner.matters([], at(8, 'running'))).toBe(true)
  // Between 3 and 6 it is open; 8 shows it each time.
  const trials = [...of(3, 'clean'), ...of(6, 'shown'), ...of(8, 'shown')]
  expect(planner.matters(trials, at(5, 'running'))).toBe(true)
  expect(planner.matters(trials, at(8, 'running'))).toBe(false)
})

test('a branch that was merged is searched, and only what contains the change is blamed', () => {
  // 0 - 1 - 2 ------- 5 - 6     3 and 4 are a branch from 1, merged by 5.
  //      \- 3 - 4 ---/
  const labels = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6']
  const order = graph(labels, [[], [0], [1], [1], [3], [2, 4], [5]])
  const containing: Readonly<Record<string, readonly string[]>> = {
    c2: ['c2', 'c5', 'c6'],
    c3: ['c3', 'c4', 'c5', 'c6'],
    c4: ['c4', 'c5', 'c6'],
    c5: ['c5', 'c6'],
  }
  for (const [change, bad] of Object.entries(containing)) {
    const planner = bisectPlanner({ over: 'version', versions: labels, order, confidence: 0.95 })
    const trials = conduct({ planner, outcome: (version) => (bad.includes(version) ? 'shown' : 'clean') })
    expect(planner.answer(trials)).toMatchObject({ sure: true, result: change })
  }
})

test('without a single failure there is no answer', () => {
  const planner = bisection(upTo(8))
  const trials = upTo(50).flatMap((number) => {
    const [proposal] = planner.next([], 1)
    return proposal === undefined ? [] : [{ ...proposal, number, outcome: 'clean' as const, seconds: 1 }]
  })
  expect(planner.answer(trials)).toMatchObject({
    sure: false,
    sentence: 'It has not shown in any version yet, in 50 runs.',
  })
})
