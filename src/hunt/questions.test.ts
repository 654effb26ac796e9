/** The questions about rates: when they are answered, with what, and how many runs more they ask for. */
import { expect, test } from 'vitest'
import type { Point, Trial } from '../model/hunt.ts'
import { comparePlanner } from './compare.ts'
import { exposures } from './exposure.ts'
import { hourlyRatePlanner, hourlyVerifyPlanner } from './hours.ts'
import { ratePlanner } from './rate.ts'
import { reproducePlanner } from './reproduce.ts'
import { survivalCurves } from './survival.ts'
import { cleanByChance, cleanRunsNeeded, verifyPlanner } from './verify.ts'

/** `s` shown, `c` clean, `v` void, `r` running. */
const trialsOf = (text: string, point: Point = {}): Trial[] =>
  Array.from(text, (letter, index) => ({
    number: index + 1,
    point,
    why: '',
    outcome: ({ s: 'shown', c: 'clean', v: 'void', r: 'running' } as const)[letter as 's'] ?? 'void',
    seconds: 10,
  }))

test('reproduce ends at the first occurrence', () => {
  const planner = reproducePlanner({ confidence: 0.95 })
  expect(planner.next(trialsOf('cc'), 3)).toHaveLength(3)
  expect(planner.answer(trialsOf('ccv'))).toMatchObject({ done: false, result: null, runsToGo: 4 })
  expect(planner.answer(trialsOf('ccs'))).toMatchObject({ done: true, sure: true, result: 3 })
  expect(planner.matters(trialsOf('ccs'), trialsOf('r')[0] as Trial)).toBe(false)
})

test('rate ends when the interval is as narrow as asked, and asks for no more runs than that takes', () => {
  const planner = ratePlanner({ confidence: 0.95, width: 0.5, between: null })
  const few = planner.answer(trialsOf('cscc'))
  expect(few).toMatchObject({ done: false })
  expect(few.runsToGo).toBeGreaterThan(5)
  expect(planner.next(trialsOf('cscc'), 100)).toHaveLength(few.runsToGo ?? 0)
  const enough = trialsOf('csccccscccsc'.repeat(3))
  expect(planner.answer(enough)).toMatchObject({ done: true, result: { rate: 0.25 } })
  expect(planner.next(enough, 5)).toEqual([])
})

test('rate decides between two rates', () => {
  const planner = ratePlanner({ confidence: 0.95, width: 0.1, between: [0.05, 0.5] })
  expect(planner.answer(trialsOf('ccccc'))).toMatchObject({ result: 0.05, sure: true })
  expect(planner.answer(trialsOf('sscs'))).toMatchObject({ result: 0.5, sure: true })
  expect(planner.answer(trialsOf('cs'))).toMatchObject({ done: false })
})

test('verify tells beforehand how many clean runs are needed, the more the rarer it was', () => {
  expect(cleanRunsNeeded({ shown: 10, runs: 10 }, 0.95)).toBeLessThan(
    cleanRunsNeeded({ shown: 5, runs: 10 }, 0.95),
  )
  expect(cleanRunsNeeded({ shown: 2, runs: 10 }, 0.95)).toBeGreaterThan(15)
  expect(cleanRunsNeeded({ shown: 0, runs: 10 }, 0.95)).toBe(Number.POSITIVE_INFINITY)
  // With a rate that is known well it is (1 - rate) ^ runs.
  expect(cleanByChance({ shown: 20_000, runs: 100_000 }, 10)).toBeCloseTo(0.8 ** 10, 3)
})

test('verify ends at a failure, or when enough runs were clean', () => {
  const before = { shown: 5, runs: 10 }
  const planner = verifyPlanner({ confidence: 0.95, before })
  const needed = cleanRunsNeeded(before, 0.95)
  expect(planner.answer(trialsOf('c'))).toMatchObject({ done: false, runsToGo: needed - 1 })
  expect(planner.next(trialsOf('c'), 1000)).toHaveLength(needed - 1)
  expect(planner.answer(trialsOf('c'.repeat(needed)))).toMatchObject({ sure: true, result: 'gone' })
  expect(planner.answer(trialsOf('ccs'))).toMatchObject({ sure: true, result: 'still there' })
})

test('a clean run that was stopped counts by its time', () => {
  const whole = trialsOf('ccc')
  const cut: Trial = { number: 4, point: {}, why: '', outcome: 'clean', seconds: 2.5, cut: true }
  expect(exposures([...whole, cut])(cut)).toBe(0.25)
  expect(exposures([cut])(cut)).toBe(0)
})

test('curves are of each point while these are few, and of those alone that failed often enough', () => {
  const [first, ...rest] = survivalCurves([
    ...lasting('shown', 1, 2, 3).map((trial) => ({ ...trial, point: { n: 1 } })),
    ...lasting('clean', 4, 4, 5).map((trial) => ({ ...trial, point: { n: 1 } })),
    ...lasting('shown', 1, 2).map((trial) => ({ ...trial, point: { n: 2 } })),
  ])
  expect(first).toMatchObject({ label: 'n=1', longest: 5, ended: [4, 5] })
  expect(first?.steps.map(({ atRisk }) => atRisk)).toEqual([6, 5, 4])
  expect(rest).toEqual([])
})

test('where it comes late in a run, a run that was stopped early counts for less', () => {
  const late = [90, 95, 99, 97, 93, 96, 98, 94].map((seconds, index): Trial => ({
    number: index + 1,
    point: {},
    why: '',
    outcome: 'shown',
    seconds,
  }))
  const whole: Trial = { number: 9, point: {}, why: '', outcome: 'clean', seconds: 100 }
  const cut: Trial = { ...whole, number: 10, seconds: 50, cut: true }
  expect(exposures([...late, whole, cut])(cut)).toBeLessThan(0.01)
})

const lasting = (outcome: 'shown' | 'clean', ...seconds: number[]): Trial[] =>
  seconds.map((one, index) => ({ number: index + 1, point: {}, why: '', outcome, seconds: one }))

test('verify by time asks for clean hours, whatever the runs they are in', () => {
  const planner = hourlyVerifyPlanner({ confidence: 0.95, before: { shown: 3, runs: 20, seconds: 72_000 } })
  // 20 h (19 ^ (1 / 3.5) - 1) = 26.4 h.
  expect(planner.answer([])).toMatchObject({ done: false, runsToGo: null })
  expect(planner.answer([]).sentence).toBe('0.0 s of 1d 2h were clean; it came 3 times in 20h before.')
  const half = planner.answer(lasting('clean', ...Array<number>(13).fill(3600)))
  expect(half).toMatchObject({ done: false, runsToGo: 14 })
  const four = lasting('clean', 24_000, 24_000, 24_000, 24_000)
  expect(planner.answer(four)).toMatchObject({ sure: true, result: 'gone' })
  expect(planner.answer(four).probability).toBeCloseTo(1 / (1 + (72 / 168) ** 3.5), 9)
  const short = planner.answer(lasting('clean', ...Array<number>(200).fill(600)))
  expect(short.sentence).toMatch(/These runs last 10m, those before 1h: that it comes late is not excluded/)
  expect(planner.answer([...four, ...lasting('shown', 5)])).toMatchObject({
    sure: true,
    result: 'still there',
  })
})

test('rate by time counts a long clean run for more than a short one', () => {
  const planner = hourlyRatePlanner({ confidence: 0.95, width: 0.4 })
  const high = (trials: Trial[]): number => (planner.answer(trials).result as { high: number }).high
  expect(high(lasting('clean', 3600, 3600))).toBeLessThan(high(lasting('clean', 360, 360)))
  const known = [
    ...lasting('shown', 100, 900, 400, 2000),
    ...lasting('clean', ...Array<number>(30).fill(3600)),
  ]
  expect(planner.answer(known)).toMatchObject({ done: true, result: { constant: true } })
  expect(planner.answer(known).sentence).toMatch(
    /^It showed 4 times in 1d 6h: 0\.\d+ to 0\.\d+ times an hour/,
  )
})

const compared = comparePlanner({
  confidence: 0.95,
  factor: 'kernel',
  levels: ['6.1', '6.12'],
  quantity: null,
  smallest: 0.1,
})

test('compare keeps both sides alike, and ends when they differ', () => {
  const sides = [...trialsOf('cccr', { kernel: '6.1' }), ...trialsOf('c', { kernel: '6.12' })]
  expect(compared.next(sides, 3).map(({ point }) => point['kernel'])).toEqual(['6.12', '6.12', '6.12'])
  const apart = [
    ...trialsOf('c'.repeat(15), { kernel: '6.1' }),
    ...trialsOf('csscscsscsscsss', { kernel: '6.12' }),
  ]
  expect(compared.answer(apart)).toMatchObject({ done: true, sure: true, result: { differs: true } })
  expect(compared.answer(sides)).toMatchObject({ done: false, sure: false, result: { differs: false } })
})

test('compare says that there is no difference when it is sure that none matters', () => {
  const sides = (shown: number, runs: number): Trial[] =>
    ['6.1', '6.12'].flatMap((kernel) => trialsOf('s'.repeat(shown) + 'c'.repeat(runs - shown), { kernel }))
  expect(compared.answer(sides(2, 40))).toMatchObject({
    done: false,
    result: { differs: false, same: false },
  })
  const alike = compared.answer(sides(5, 200))
  expect(alike).toMatchObject({ done: true, sure: true, result: { differs: false, same: true } })
  expect(alike.sentence).toMatch(
    /^6\.1 and 6\.12 do not differ by as much as matters \(10 %\): 5 of 200 runs .* a difference of -[\d.]+ % to \+/,
  )
})

const measuredSide = (level: number, values: readonly number[]): Trial[] =>
  values.map((value, index) => ({
    number: index * 2 + level,
    point: { n: level },
    why: '',
    outcome: 'clean',
    seconds: 1,
    value,
  }))
const byTurns = (...sides: readonly Trial[][]): Trial[] =>
  sides.flat().toSorted((a, b) => a.number - b.number)

test('compare tells measured quantities apart by their order', () => {
  const planner = comparePlanner({
    confidence: 0.95,
    factor: 'n',
    levels: [1, 2],
    quantity: 'select 1',
    smallest: 0.1,
  })
  const far = byTurns(
    measuredSide(1, [4, 2, 6, 1, 7, 3, 5, 4.5]),
    measuredSide(2, [14, 17, 12, 15, 11, 16, 13, 14.5]),
  )
  expect(planner.answer(far)).toMatchObject({ sure: true, result: { differs: true } })
  const near = byTurns(measuredSide(1, [1, 2, 3, 4, 5, 6]), measuredSide(2, [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]))
  expect(planner.answer(near)).toMatchObject({ sure: false, result: { differs: false } })
  // What ended while an earlier run goes on waits for it.
  const [first, ...rest] = far
  if (first === undefined) throw new Error('there are trials')
  const { value: _, ...begun } = first
  expect(planner.answer([{ ...begun, outcome: 'running' }, ...rest])).toMatchObject({ done: false })
  // A tenth of 100 matters, and these scatter by one.
  const close = Array.from({ length: 24 }, (_, index) => 100 + ((index * 7) % 10) / 10)
  const alike = planner.answer(byTurns(measuredSide(1, close), measuredSide(2, close.toReversed())))
  expect(alike).toMatchObject({ sure: true, result: { differs: false, same: true } })
})
