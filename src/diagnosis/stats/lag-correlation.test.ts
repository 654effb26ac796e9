import { expect, test } from 'vitest'
import { normal } from '../synthetic-run.ts'
import { follows } from './lag-correlation.ts'

const series = (length: number, value: (i: number) => number): number[] =>
  Array.from({ length }, (_, i) => value(i))

test('a series that follows another two samples later', () => {
  const noise = normal(5)
  const leader = series(80, () => noise())
  const follower = leader.map((_, i) => 3 * (leader[i - 2] ?? 0) + 0.3 * noise())
  expect(follows(leader, follower)).toMatchObject({ lag: 2, rho: expect.closeTo(1, 1) })
  expect(follows(leader, follower).p).toBeLessThan(0.02)
})

test('two steady growths do not follow each other', () => {
  let alarms = 0
  for (let seed = 1; seed <= 100; seed++) {
    const noise = normal(seed)
    const leader = series(60, (i) => 5 * i + noise())
    const follower = series(60, (i) => 9 * i * i + 20 * noise())
    if (follows(leader, follower).p < 0.05) alarms++
  }
  expect(alarms).toBeLessThanOrEqual(10)
})

test('too few samples follow nothing', () =>
  expect(follows([1, 2, 3], [1, 2, 3])).toEqual({ rho: 0, lag: 0, p: 1 }))
