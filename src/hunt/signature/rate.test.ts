import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { rateOf } from './rate.ts'

test('nothing is known of no runs, and an interval holds what was seen', () => {
  expect(rateOf(0, 0)).toEqual({ shown: 0, runs: 0, low: 0, high: 1 })
  const { low, high } = rateOf(3, 20)
  expect(low).toBeGreaterThan(0.01)
  expect(low).toBeLessThan(0.15)
  expect(high).toBeGreaterThan(0.15)
  expect(high).toBeLessThan(0.5)
})

test.each([0.05, 0.3, 0.5])(
  'of 1000 hunts at %d that look after each of 200 runs, at most 50 err',
  (rate) => {
    let wrong = 0
    for (let seed = 0; seed < 1000; seed++) {
      const random = seededRandom(seed)
      let shown = 0
      for (let runs = 1; runs <= 200; runs++) {
        if (random.next() < rate) shown++
        const { low, high } = rateOf(shown, runs)
        if (low <= rate && rate <= high) continue
        wrong++
        break
      }
    }
    expect(wrong).toBeLessThanOrEqual(50)
  },
)
