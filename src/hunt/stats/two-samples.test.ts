/** By enumeration of all orders of a sample, and by seeded simulation where a promise is about many hunts. */
import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { evidenceOfDifferentRanks, rankEvidence, shiftInterval, type Observed } from './two-samples.ts'

const alternating = (values: readonly number[]): Observed[] =>
  values.map((value, index) => ({ second: index % 2 === 1, value }))

function permutations(values: readonly number[]): number[][] {
  if (values.length < 2) return [[...values]]
  return values.flatMap((value, index) =>
    permutations(values.toSpliced(index, 1)).map((rest) => [value, ...rest]),
  )
}

test('in no more of all orders of a sample than 1 / x does the evidence ever reach x', () => {
  const orders = permutations([1, 2, 3, 4, 5, 6, 7])
  const most = orders.map((order) => Math.exp(rankEvidence(alternating(order)).higher))
  for (const bound of [1.5, 2, 3, 5])
    expect(most.filter((one) => one >= bound).length / orders.length).toBeLessThanOrEqual(1 / bound)
  // It is not that nothing is ever found.
  expect(Math.max(...most)).toBeGreaterThan(5)
})

test('samples that are apart are told so after a few values, whatever their scale', () => {
  const apart = alternating([4, 14, 2, 17, 6, 12, 1, 15, 7, 11, 3, 16, 5, 13, 4.5, 14.5])
  expect(rankEvidence(apart).higher).toBeGreaterThan(Math.log(20))
  expect(rankEvidence(apart).lower).toBe(0)
  const scaled = apart.map(({ second, value }) => ({ second, value: Math.exp(value) }))
  expect(rankEvidence(scaled)).toEqual(rankEvidence(apart))
  expect(rankEvidence(apart, 10).higher).toBeLessThan(Math.log(2))
})

test('all values alike are no evidence, and exclude no shift but those beyond them', () => {
  const same = alternating(Array<number>(60).fill(5))
  expect(evidenceOfDifferentRanks(same)).toBeLessThan(Math.log(20))
})

test('the interval of the shift holds it, and narrows', () => {
  const random = seededRandom(3)
  const values = Array.from({ length: 200 }, (_, index) => random.next() + random.next() + (index % 2) * 0.4)
  const few = shiftInterval(alternating(values.slice(0, 60)), 0.95, 0.4)
  const many = shiftInterval(alternating(values), 0.95, 0.4)
  for (const { low, high } of [few, many]) {
    expect(low).toBeLessThan(0.4)
    expect(high).toBeGreaterThan(0.4)
  }
  expect(many.high - many.low).toBeLessThan(few.high - few.low)
  expect(shiftInterval(alternating([1, 2, 3]), 0.95, 1)).toEqual({ low: -Infinity, high: Infinity })
})
