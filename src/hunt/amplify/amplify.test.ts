import { expect, test } from 'vitest'
import { type Random, seededRandom } from '../../base/random.ts'
import type { Outcome, Point, Trial } from '../../model/hunt.ts'
import type { AmplifyResult } from './answer.ts'
import { amplifyPlanner } from './index.ts'

const factors = { mounts: ['sequential', 'parallel'], cpus: [1, 2, 4] }
const confidence = 0.9

/** Occurrences per second; four cpus and parallel mounts have most. */
const rateAt = ({ mounts, cpus }: Point): number =>
  (mounts === 'parallel' ? 1 / 100 : 1 / 1500) * Number(cpus)

const LENGTH = 300

function runAt(point: Point, random: Random): { readonly outcome: Outcome; readonly seconds: number } {
  const time = -Math.log(1 - random.next()) / rateAt(point)
  return time < LENGTH ? { outcome: 'shown', seconds: time } : { outcome: 'clean', seconds: LENGTH }
}

type Run = (point: Point, random: Random) => { readonly outcome: Outcome; readonly seconds: number }

function hunt(seed: number, run: Run = runAt, most = 150): readonly Trial[] {
  const planner = amplifyPlanner({ factors, confidence })
  const random = seededRandom(seed)
  const trials: Trial[] = []
  while (trials.length < most) {
    const [proposal] = planner.next(trials, 1)
    if (proposal === undefined) break
    trials.push({ ...proposal, number: trials.length + 1, ...run(proposal.point, random) })
  }
  return trials
}

const planner = amplifyPlanner({ factors, confidence })
const answerOf = (trials: readonly Trial[]): AmplifyResult => planner.answer(trials).result as AmplifyResult

test('finds the setting at which it comes soonest, with most runs where it matters', () => {
  const hunts = [1, 2, 3].map((seed) => hunt(seed))
  const right = hunts.filter((trials) => {
    const { setting } = answerOf(trials)
    return setting['mounts'] === 'parallel' && setting['cpus'] === 4
  })
  expect(right.length).toBeGreaterThanOrEqual(2)
  for (const trials of hunts) {
    const slow = trials.filter(({ point }) => point['mounts'] === 'sequential').length
    expect(slow).toBeLessThan(trials.length / 2)
  }
})

test('says the setting, its rate, how much sooner, and is done', () => {
  const trials = hunt(1)
  const answer = planner.answer(trials)
  expect(answer).toMatchObject({ done: true, sure: true, runsToGo: 0 })
  expect(answer.probability).toBeGreaterThanOrEqual(confidence)
  expect(answer.sentence).toMatch(
    /^It comes soonest at mounts = parallel, cpus = 4: \d+ times an hour \(\d+ to \d+\), [\d.]+ times as often as at the slowest/,
  )
  const { perHour } = answerOf(trials)
  expect(perHour.low).toBeLessThan(144)
  expect(perHour.high).toBeGreaterThan(144)
  expect(planner.next(trials, 3)).toEqual([])
  const running: Trial = {
    number: 999,
    point: { mounts: 'parallel', cpus: 4 },
    why: '',
    outcome: 'running',
    seconds: 1,
  }
  expect(planner.matters([...trials, running], running)).toBe(false)
})

test('before the first occurrence nobody can tell, and a quiet run says as much as it is long', () => {
  expect(planner.answer([])).toMatchObject({
    done: false,
    sure: false,
    runsToGo: null,
    sentence: 'Nothing is known yet.',
  })
  const quiet = (seconds: number, cpus: number): Trial[] => [
    { number: 1, point: { mounts: 'parallel', cpus: 4 }, why: '', outcome: 'shown', seconds: 100 },
    { number: 2, point: { mounts: 'parallel', cpus }, why: '', outcome: 'clean', seconds },
  ]
  const belief = (trials: readonly Trial[]): number => planner.answer(trials).probability
  expect(belief(quiet(10_000, 1))).toBeGreaterThan(belief(quiet(10, 1)))
  expect(planner.answer([{ ...(quiet(10, 1)[1] as Trial) }]).sentence).toBe('It did not come in 1 run.')
})

test('a batch is the same when asked again, and does not pile up on one setting', () => {
  const batch = planner.next([], 6)
  expect(planner.next([], 6)).toEqual(batch)
  expect(new Set(batch.map(({ point }) => JSON.stringify(point))).size).toBeGreaterThanOrEqual(3)
})

test('void runs say nothing; a setting that cannot be run is not tried again', () => {
  const best = { mounts: 'parallel', cpus: 4 }
  const nothing: Trial = { number: 1, point: best, why: '', outcome: 'void', seconds: 500 }
  expect(answerOf([nothing]).perHour).toEqual(answerOf([{ ...nothing, seconds: 1 }]).perHour)
  const trials = hunt(5, (point, random) =>
    point['cpus'] === 4 ? { outcome: 'broken', seconds: 0 } : runAt(point, random),
  )
  expect(trials.filter(({ outcome }) => outcome === 'broken').length).toBeLessThanOrEqual(2)
  expect(answerOf(trials).setting).toEqual({ mounts: 'parallel', cpus: 2 })
  const all = factors.cpus.flatMap((cpus) =>
    factors.mounts.map((mounts, at): Trial => ({
      ...nothing,
      number: at,
      point: { mounts, cpus },
      outcome: 'broken',
    })),
  )
  expect(planner.next(all, 2)).toEqual([])
  expect(planner.answer(all)).toMatchObject({
    done: true,
    sure: false,
    sentence: 'None of the settings can be run.',
  })
})

test('refuses more settings than can be told apart', () => {
  const levels = Array.from({ length: 17 }, (_, at) => at)
  expect(() => amplifyPlanner({ factors: { a: levels, b: levels }, confidence })).toThrow('289 settings')
})
