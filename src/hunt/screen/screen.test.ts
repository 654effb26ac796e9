import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { Answer, Level, Outcome, Point, Trial } from '../../model/hunt.ts'
import type { Planner } from '../planner.ts'
import type { ScreenResult } from './answer.ts'
import { screenPlanner } from './index.ts'

const two = (count: number): Record<string, Level[]> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, [0, 1]]))

const trial = (number: number, point: Point, outcome: Trial['outcome']): Trial => ({
  number,
  point,
  why: '',
  outcome,
  seconds: 1,
})

interface Hunted {
  readonly trials: readonly Trial[]
  readonly answer: Answer
  readonly result: ScreenResult
}

/** One run after the other until the planner has had enough, or 400. */
function hunt(planner: Planner, outcomeOf: (point: Point) => Outcome): Hunted {
  const trials: Trial[] = []
  while (trials.length < 400) {
    const [proposal] = planner.next(trials, 1)
    if (proposal === undefined) break
    trials.push(trial(trials.length + 1, proposal.point, outcomeOf(proposal.point)))
  }
  const answer = planner.answer(trials)
  return { trials, answer, result: answer.result as ScreenResult }
}

/** Comes at one rate where it acts, at another elsewhere. */
const chance =
  (seed: number, acts: (point: Point) => boolean, [high, low] = [0.5, 0.02]): ((point: Point) => Outcome) =>
  (point) => {
    seeds[seed] ??= seededRandom(seed)
    return seeds[seed].next() < (acts(point) ? high : low) ? 'shown' : 'clean'
  }
const seeds: Record<number, ReturnType<typeof seededRandom>> = {}

const found = ({ result: { active, how } }: Hunted): string =>
  [how, ...active.map(({ factor, level }) => `${factor}=${level}`)].join(' ')

describe('finds', () => {
  const planner = screenPlanner({ factors: two(6), confidence: 0.95 })
  const cases: readonly (readonly [string, (point: Point) => boolean])[] = [
    ['alone f2=0', ({ f2 }) => f2 === 0],
    ['together f1=1 f4=0', ({ f1, f4 }) => f1 === 1 && f4 === 0],
    ['either f0=1 f3=1', ({ f0, f3 }) => f0 === 1 || f3 === 1],
    ['none', () => false],
    ['more f0=1 f2=1 f5=1', ({ f0, f2, f5 }) => f0 === 1 || f2 === 1 || f5 === 1],
  ]
  test.each(cases)('%s', (expected, acts) => {
    const answers = [1, 2, 3].map((seed) => found(hunt(planner, chance(seed, acts))))
    expect(answers.filter((answer) => answer === expected).length, answers.join('; ')).toBeGreaterThanOrEqual(
      2,
    )
  })

  test('levels of three, and a range of versions', () => {
    const factors = { kernel: [5.1, 5.4, 6.1, 6.6], mount: ['nfs3', 'nfs4', 'nfs4.1'], a: [1, 2], b: [1] }
    const several = screenPlanner({ factors, confidence: 0.95 })
    const hunted = hunt(
      several,
      chance(12, ({ kernel, mount }) => Number(kernel) >= 6.1 && mount === 'nfs4'),
    )
    expect(found(hunted)).toBe('together kernel=6.1 kernel=6.6 mount=nfs4')
    expect(hunted.answer.sentence).toMatch(
      /^It comes when kernel in \{6.1, 6.6\} and mount = nfs4: \d+ of \d+/,
    )
  })
})

describe('ends in few runs, of eight factors, where the behaviour comes nearly always', () => {
  const planner = screenPlanner({ factors: two(8), confidence: 0.95 })
  const cases: readonly (readonly [string, (point: Point) => boolean])[] = [
    ['alone f4=1', ({ f4 }) => f4 === 1],
    ['together f1=1 f4=0', ({ f1, f4 }) => f1 === 1 && f4 === 0],
    ['either f0=1 f3=1', ({ f0, f3 }) => f0 === 1 || f3 === 1],
  ]
  const rates = [
    [1, 0, 50],
    [0.9, 0, 60],
    [1, 0.05, 70],
  ] as const
  test.each(rates)('%d against %d elsewhere', (high, low, seed) => {
    for (const [number, [expected, acts]] of cases.entries()) {
      const hunted = hunt(planner, chance(seed + number, acts, [high, low]))
      expect(found(hunted)).toBe(expected)
      expect(hunted.answer.sure).toBe(true)
      expect(hunted.trials.length, expected).toBeLessThanOrEqual(45)
    }
  })
})

test('three factors together are found from the definition as it is, where the behaviour was seen', () => {
  const start = { f0: 1, f1: 0, f2: 1 }
  const planner = screenPlanner({ factors: two(3), confidence: 0.95, start })
  const acts = ({ f0, f1, f2 }: Point): boolean => f0 === 1 && f1 === 0 && f2 === 1
  const hunted = hunt(planner, chance(1, acts, [0.95, 0]))
  expect(hunted.trials[0]?.point).toEqual(start)
  expect(found(hunted)).toBe('more f0=1 f1=0 f2=1')
  expect(hunted.answer.sure).toBe(true)
  expect(hunted.result.together).toBe(true)
  expect(hunted.answer.sentence).toMatch(/^It comes when f0 = 1, f1 = 0 and f2 = 1: \d+ of/)
  const { picture } = hunted.answer
  const rates = picture.type === 'posterior' ? (picture.rates ?? []) : []
  expect(rates[0]).toMatchObject({ label: 'f0=1 f1=0 f2=1', shown: hunted.result.with?.shown })
  expect(rates.reduce((sum, { runs }) => sum + runs, 0)).toBe(hunted.trials.length)
})

test('three of twelve factors together are taken neither for a pair nor for nothing, also when begun wrongly', () => {
  const factors = two(12)
  const acts = ({ f0, f5, f9 }: Point): boolean => f0 === 1 && f5 === 1 && f9 === 1
  const start = Object.fromEntries(Object.keys(factors).map((name) => [name, 0]))
  const planner = screenPlanner({ factors, confidence: 0.95, start })
  const answers = [1, 2, 3, 4].map((seed) => found(hunt(planner, chance(300 + seed, acts, [0.3, 0.02]))))
  expect(
    answers.filter((answer) => answer === 'more f0=1 f5=1 f9=1').length,
    answers.join('; '),
  ).toBeGreaterThanOrEqual(3)
})

test('the definition as it is has three runs to show it', () => {
  const start = { f0: 1, f1: 0 }
  const planner = screenPlanner({ factors: two(2), confidence: 0.95, start })
  const { trials } = hunt(planner, () => 'clean')
  expect(trials.slice(0, 3).map(({ point }) => point)).toEqual([start, start, start])
  expect(trials[3]?.point).not.toEqual(start)
})

test('one factor is not taken for a pair', () => {
  const planner = screenPlanner({ factors: two(8), confidence: 0.95 })
  for (let seed = 200; seed < 215; seed++) {
    const hunted = hunt(
      planner,
      chance(seed, ({ f3 }) => f3 === 1, [0.8, 0.02]),
    )
    expect(found(hunted), `seed ${seed}`).toBe('alone f3=1')
  }
})

test('says what it found, how surely, and with which rates', () => {
  const planner = screenPlanner({ factors: two(5), confidence: 0.95 })
  const { answer, result, trials } = hunt(
    planner,
    chance(21, ({ f1 }) => f1 === 1),
  )
  expect(answer).toMatchObject({ done: true, sure: true, runsToGo: 0 })
  expect(answer.probability).toBeGreaterThanOrEqual(0.95)
  const { with: held, without } = result
  expect(answer.sentence).toBe(
    `It comes when f1 = 1: ${held?.shown} of ${held?.runs} runs, against ${without.shown} of ${without.runs} otherwise.`,
  )
  expect(planner.next(trials.slice(0, -1), 1)[0]?.why).toMatch(
    /^that it takes f1 = 1 \(\d+ % likely\) expects it in [\d.]+ % of such runs, /,
  )
  expect((held?.runs ?? 0) + without.runs).toBe(trials.length)
  expect(held?.low).toBeLessThan(0.5)
  expect(held?.high).toBeGreaterThan(0.5)
  expect(answer.picture.type === 'posterior' && answer.picture.bars.map(({ label }) => label)).toEqual([
    'f0',
    'f1',
    'f2',
    'f3',
    'f4',
    'none',
  ])
  expect(planner.next(trials, 4)).toEqual([])
})

test('nothing is known before the first run', () => {
  const planner = screenPlanner({ factors: two(4), confidence: 0.95 })
  const { done, sure, sentence, runsToGo } = planner.answer([])
  expect({ done, sure, sentence }).toEqual({
    done: false,
    sure: false,
    sentence: 'Nothing is known yet.',
  })
  expect(runsToGo).toBeGreaterThan(10)
})

test('a behaviour that never comes is left below a rate', () => {
  const planner = screenPlanner({ factors: two(4), confidence: 0.95 })
  const { answer, result } = hunt(planner, () => 'clean')
  expect(answer).toMatchObject({ done: true, sure: true })
  expect(result).toMatchObject({ active: [], how: 'none', with: null })
  expect(answer.sentence).toMatch(/^It never came in \d+ runs, whatever the factors: .* below \d/)
})

test('a batch differs within itself and from what is on the way, and is the same when asked again', () => {
  const planner = screenPlanner({ factors: two(10), confidence: 0.95 })
  const first = planner.next([], 6)
  expect(new Set(first.map(({ point }) => JSON.stringify(point))).size).toBe(6)
  expect(planner.next([], 6)).toEqual(first)
  const running = first.map(({ point }, at) => trial(at + 1, point, 'running'))
  const second = planner.next(running, 6)
  expect(new Set([...first, ...second].map(({ point }) => JSON.stringify(point))).size).toBe(12)
  // Each factor has both levels in a batch: nobody asks one question six times.
  for (const name of Object.keys(two(10)))
    expect(new Set(first.map(({ point }) => point[name])).size, name).toBe(2)
})

test('void runs, running ones and points of another space say nothing', () => {
  const planner = screenPlanner({ factors: two(4), confidence: 0.95 })
  const point = { f0: 1, f1: 1, f2: 0, f3: 0 }
  const trials = [trial(1, point, 'void'), trial(2, point, 'running'), trial(3, { f0: 7 }, 'shown')]
  expect(planner.answer(trials).probability).toBeCloseTo(planner.answer([]).probability, 12)
})

test('a level that cannot be run is learnt from its broken points, and then avoided', () => {
  const planner = screenPlanner({ factors: two(6), confidence: 0.95 })
  const comes = chance(31, ({ f1 }) => f1 === 1)
  const { trials, result } = hunt(planner, (point) => (point['f4'] === 1 ? 'broken' : comes(point)))
  expect(result.active).toEqual([{ factor: 'f1', level: 1 }])
  expect(trials.filter(({ outcome }) => outcome === 'broken').length).toBeLessThan(6)
})

test('a pair of levels that cannot be run together keeps neither from being tried', () => {
  const planner = screenPlanner({ factors: two(6), confidence: 0.95 })
  const comes = chance(32, ({ f0 }) => f0 === 1)
  const { trials, result } = hunt(planner, (point) =>
    point['f0'] === 1 && point['f4'] === 1 ? 'broken' : comes(point),
  )
  expect(result.active).toEqual([{ factor: 'f0', level: 1 }])
  expect(trials.filter(({ outcome }) => outcome === 'broken').length).toBeLessThan(10)
})

test('what cannot be told apart ends the hunt without being sure', () => {
  // f0 and f1 only ever change together.
  const planner = screenPlanner({ factors: two(2), confidence: 0.95 })
  const comes = chance(33, ({ f0 }) => f0 === 1)
  const { answer, trials } = hunt(planner, (point) => (point['f0'] === point['f1'] ? comes(point) : 'broken'))
  expect(trials.length).toBeLessThan(400)
  expect(answer).toMatchObject({ done: true, sure: false, runsToGo: 0 })
  expect(answer.sentence).toMatch(/^No run that can be made tells more\. /)
})

test('a running trial matters until the answer is sure', () => {
  const planner = screenPlanner({ factors: two(4), confidence: 0.95 })
  const running = trial(1, { f0: 1, f1: 1, f2: 0, f3: 0 }, 'running')
  expect(planner.matters([running], running)).toBe(true)
  const { trials } = hunt(
    planner,
    chance(41, ({ f0 }) => f0 === 1),
  )
  expect(planner.matters([...trials, running], running)).toBe(false)
})

test('prefers what costs less when it tells as much', () => {
  const planner = screenPlanner({
    factors: two(4),
    confidence: 0.95,
    secondsOf: ({ f2 }) => (f2 === 1 ? 1000 : 10),
  })
  expect(planner.next([], 1)[0]?.point).toMatchObject({ f2: 0 })
})
