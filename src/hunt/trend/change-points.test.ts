import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { changePoints } from './change-points.ts'
import { normal, remembering } from './noise.ts'

const next = normal(seededRandom(7))
const noise = (length: number, memory = 0): number[] => [...remembering(length, memory, next)]
const stepped = (values: readonly number[], from: number, by: number): number[] =>
  values.map((value, i) => (i >= from ? value + by : value))
const indices = (values: readonly (number | null | readonly number[])[]): number[] =>
  changePoints(values).changes.map(({ index }) => index)

describe('false alarms, by simulation', () => {
  // Six of 120 series are what a true rate of 1 % makes once in a thousand times.
  test.each([
    ['white', () => noise(100)],
    ['AR 0.3', () => noise(100, 0.3)],
    ['AR 0.6', () => noise(100, 0.6)],
    ['heavy tails', () => noise(100, 0.3).map((value) => Math.sinh(2 * value))],
    ['two modes', () => noise(60).map((value) => 0.1 * value + (next() > 0 ? 1 : 0))],
    ['pass and fail', () => noise(20).map((value) => (value > 1 ? 0 : 1))],
  ])('%s', (_, make) => {
    const alarms = Array.from({ length: 120 }, make).filter((values) => indices(values).length > 0)
    expect(alarms.length).toBeLessThan(6)
  })
})

describe('steps', () => {
  test('of two sigma among 100 points is found, and where it is', () => {
    const found = Array.from({ length: 40 }, () => changePoints(stepped(noise(100, 0.2), 60, 2)).changes)
    const right = found.filter(([one]) => one !== undefined && one.from <= 60 && 60 <= one.to)
    expect(right.length).toBeGreaterThan(35)
  })

  test('several are found, up and down, also where one alone explains little', () => {
    let values = noise(300)
    for (const [at, by] of [
      [50, 8],
      [100, -8],
      [150, 8],
      [200, -8],
      [250, 8],
    ] as const) {
      values = stepped(values, at, by)
    }
    expect(indices(values)).toEqual([50, 100, 150, 200, 250])
  })

  test('an effect has its levels, its interval and its size in sigma', () => {
    const [change] = changePoints(
      stepped(
        noise(200).map((value) => 1000 + 10 * value),
        120,
        50,
      ),
    ).changes
    expect(change).toMatchObject({ index: 120, points: [120, 80] })
    expect(change?.before).toBeCloseTo(1000, -1)
    expect(change?.after).toBeCloseTo(1050, -1)
    expect(change?.low).toBeLessThan(50)
    expect(change?.high).toBeGreaterThan(50)
    expect(change?.standardized).toBeGreaterThan(4)
    expect(change?.standardized).toBeLessThan(6)
    expect(change?.p).toBeLessThan(1e-6)
  })

  test('outliers are no steps, and hide none', () => {
    const values = stepped(noise(80), 50, 3).map((value, i) => (i === 20 || i === 65 ? 1e9 : value))
    const [change, ...others] = changePoints(values).changes
    expect(others).toEqual([])
    expect(change).toMatchObject({ index: 50 })
    expect(change?.after).toBeLessThan(5)
  })
})

describe('what series are made of', () => {
  test('missing values are left out, and indices are those of what was given', () => {
    const values = stepped(noise(60), 30, 6).map((value, i) => (i % 3 === 1 ? null : value))
    const { changes, values: count } = changePoints(values)
    expect(changes.map(({ index }) => index)).toEqual([30])
    expect(count).toBe(40)
  })

  test('several values of a night are one point', () => {
    const nights = stepped(noise(40), 25, 5)
    expect(indices(nights.map((night) => [night, night + 0.1, night - 0.1]))).toEqual([25])
    // As single points they would be 120, of which each third is news.
    expect(changePoints(nights.map((night) => [night, night])).values).toBe(40)
  })

  test('pass and fail: a share before and after', () => {
    const passes = Array.from({ length: 60 }, (_, i) => (i < 40 ? 1 : i % 2))
    const [change] = changePoints(passes).changes
    expect(change?.index).toBeGreaterThanOrEqual(39)
    expect(change?.index).toBeLessThanOrEqual(42)
    expect(change?.before).toBe(1)
    expect(change?.after).toBeCloseTo(0.5, 1)
    expect(change?.high).toBeLessThan(0)
  })

  test('twelve passes and six failures are enough, one failure at the end is not', () => {
    expect(indices([...Array(12).fill(1), ...Array(6).fill(0)])).toEqual([12])
    expect(indices([...Array(40).fill(1), 0])).toEqual([])
  })

  test('a constant, few values and none tell nothing', () => {
    expect(changePoints(Array(50).fill(3))).toEqual({ changes: [], p: 1, memory: 0, values: 50 })
    expect(changePoints([1, 2, 3, 4, 50, 60, 70]).p).toBeNull()
    expect(changePoints([])).toEqual({ changes: [], p: null, memory: 0, values: 0 })
    expect(changePoints([null, Number.NaN]).values).toBe(0)
  })

  test('scale and offset change nothing, and the same series says the same', () => {
    const values = stepped(noise(120, 0.3), 70, 2)
    const found = indices(values)
    expect(found).toHaveLength(1)
    expect(indices(values.map((value) => 1e6 + 1e-3 * value))).toEqual(found)
    expect(indices(values.map((value) => -value))).toEqual(found)
    expect(changePoints(values)).toEqual(changePoints(values))
  })
})
