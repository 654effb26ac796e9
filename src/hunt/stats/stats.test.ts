/** Against values from the literature and from R, and by seeded simulation where a promise is about many hunts. */
import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { betaCdf, betaQuantile, lnBeta } from './beta.ts'
import { confidenceSequence } from './confidence-sequence.ts'
import { decide } from './sprt.ts'
import { evidenceOfDifference } from './two-rates.ts'

test('the Beta distribution, as R has it', () => {
  expect(lnBeta(2, 3)).toBeCloseTo(Math.log(1 / 12), 12)
  expect(betaCdf(0.3, 2, 5)).toBeCloseTo(0.579825, 6)
  expect(betaQuantile(0.975, 0.5, 20.5)).toBeCloseTo(0.1164, 3)
})

test('an interval is that of all rates before a run, shrinks, and holds what was seen', () => {
  expect(confidenceSequence(0, 0, 0.95)).toEqual({ low: 0, high: 1 })
  const few = confidenceSequence(3, 10, 0.95)
  const many = confidenceSequence(300, 1000, 0.95)
  expect(few.low).toBeLessThan(many.low)
  expect(many.high).toBeLessThan(few.high)
  expect(confidenceSequence(0, 100, 0.95).low).toBe(0)
  expect(confidenceSequence(100, 100, 0.95).high).toBe(1)
})

test('looked at after each of 300 runs, it excludes the truth in no more hunts than it says', () => {
  for (const rate of [0.05, 0.3]) {
    let wrong = 0
    for (let hunt = 0; hunt < 200; hunt++) {
      const random = seededRandom(hunt * 7919 + 13)
      let shown = 0
      for (let run = 1; run <= 300; run++) {
        if (random.next() < rate) shown++
        const { low, high } = confidenceSequence(shown, run, 0.95)
        if (low <= rate && rate <= high) continue
        wrong++
        break
      }
    }
    expect(wrong / 200).toBeLessThanOrEqual(0.05)
  }
})

test('two rates are told apart at once when they are far apart, and not when they are the same', () => {
  expect(decide({ shown: 5, runs: 5 }, { low: 0.05, high: 0.5, error: 0.05 })).toBe('high')
  expect(decide({ shown: 0, runs: 10 }, { low: 0.05, high: 0.5, error: 0.05 })).toBe('low')
  expect(decide({ shown: 1, runs: 4 }, { low: 0.05, high: 0.5, error: 0.05 })).toBe(null)
  expect(evidenceOfDifference({ shown: 0, runs: 20 }, { shown: 10, runs: 20 })).toBeGreaterThan(Math.log(20))
  expect(evidenceOfDifference({ shown: 5, runs: 20 }, { shown: 5, runs: 20 })).toBeLessThan(0)
})
