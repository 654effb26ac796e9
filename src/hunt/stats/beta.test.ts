import { expect, test } from 'vitest'
import { betaCdf, betaQuantile, lnBeta, lnGamma } from './beta.ts'

test('against closed forms', () => {
  expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12)
  expect(lnGamma(11)).toBeCloseTo(Math.log(3_628_800), 12)
  expect(lnBeta(2, 3)).toBeCloseTo(Math.log(1 / 12), 12)
  // P(X <= x) is x^a for b = 1, and 1 - (1 - x)^b for a = 1.
  expect(betaCdf(0.3, 4, 1)).toBeCloseTo(0.3 ** 4, 12)
  expect(betaCdf(0.01, 1, 200)).toBeCloseTo(1 - 0.99 ** 200, 12)
  // Arcsine distribution.
  expect(betaCdf(0.2, 0.5, 0.5)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(0.2)), 12)
})

test('the quantile undoes the distribution function', () => {
  for (const [p, a, b] of [
    [0.025, 3.5, 60.5],
    [0.975, 0.5, 30.5],
    [0.5, 200, 300],
  ] as const)
    expect(betaCdf(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 9)
})
