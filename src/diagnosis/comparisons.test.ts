import { expect, test } from 'vitest'
import { createComparisons } from './comparisons.ts'

test('a question asked beforehand is not drowned by a search', () => {
  const comparisons = createComparisons()
  const stated = comparisons.make(0.01, 'stated')
  const searched = comparisons.make(0.01)
  for (let i = 0; i < 999; i++) comparisons.make(i / 999)
  const confidences = comparisons.confidences()
  expect(confidences.get(stated)).toBeCloseTo(0.99)
  expect(confidences.get(searched)).toBeLessThan(0.5)
  expect(comparisons.made).toHaveLength(1001)
})

test('what is no number proves nothing', () => {
  const comparisons = createComparisons()
  const odd = comparisons.make(Number.NaN)
  expect(comparisons.confidences().get(odd)).toBe(0)
})
