/** Against published values, or values of SciPy 1.x and pyMannKendall 1.4 where no book has them; and by simulation. */
import { describe, expect, test } from 'vitest'
import { normal } from '../synthetic-run.ts'
import { autocorrelations, autocorrelationTime } from './autocorrelation.ts'
import { changePoints } from './change-point.ts'
import { spearman } from './correlation.ts'
import { binomialTail, normalTail, studentTwoSided } from './distributions.ts'
import { empiricalNull } from './empirical-null.ts'
import { fisherExact } from './fisher.ts'
import { compareByRanks } from './mann-whitney.ts'
import { benjaminiHochberg, holm } from './multiple.ts'
import { median, quantile, ranks, spread } from './order.ts'
import { chanceOfEnding, cureProbability } from './survival.ts'
import { hamedRaoFactor, mannKendall, theilSen } from './trend.ts'

const close = (actual: number, expected: number, relative = 1e-6): void =>
  expect(Math.abs(actual - expected) / Math.abs(expected)).toBeLessThan(relative)

describe('distributions', () => {
  test.each([
    [0.5, 3.08537539e-1],
    [1.96, 2.49978951e-2],
    [2.5, 6.20966533e-3],
    [5, 2.86651572e-7],
    [10, 7.61985302e-24],
    [30, 4.90671393e-198],
  ])('normal tail beyond %d', (z, p) => close(normalTail(z), p))

  test('Student and binomial', () => {
    close(studentTwoSided(2, 5), 1.01939479e-1)
    close(studentTwoSided(5, 3), 1.53924381e-2)
    close(studentTwoSided(12, 12), 4.83592849e-8)
    close(binomialTail(7, 10, 0.5), 0.171875)
    close(binomialTail(95, 100, 0.8), 1.86800663e-5)
    expect(binomialTail(0, 5, 0.1)).toBe(1)
  })
})

test('order statistics', () => {
  expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75)
  expect(median([])).toBeNaN()
  close(spread([1, 2, 3, 4, 100]), 1.4826)
  expect(ranks([10, 20, 20, 5])).toEqual({ ranks: [2, 3.5, 3.5, 1], tieTerm: 6 })
})

describe('Mann-Whitney', () => {
  test('exact, as in SciPy', () => {
    const { p, delta } = compareByRanks([1.1, 2.2, 3.3, 4.4, 5.5], [6, 7, 2.5, 9, 10, 11])
    close(p, 0.0303030303)
    close(delta, 1 - (2 * 3) / 30)
  })

  test('with ties, as in SciPy', () => {
    const { p } = compareByRanks([1, 2, 2, 3, 4, 4, 5, 6, 7, 8], [4, 5, 5, 6, 7, 8, 9, 9, 10, 12, 3])
    close(p, 0.02585951551)
  })

  test('nothing to compare', () => expect(compareByRanks([], [1]).p).toBe(1))
})

// Sinusoid on a rise.
const WAVES = [
  5.0, 5.2, 5.6, 6.1, 6.0, 5.7, 5.2, 4.9, 5.1, 5.8, 6.6, 7.0, 6.9, 6.5, 6.1, 6.0, 6.4, 7.1, 7.7, 8.0, 7.8,
  7.2, 6.9, 7.0, 7.7, 8.4, 8.8, 8.6, 8.1, 7.9,
]

describe('trend', () => {
  test('Mann-Kendall and Theil-Sen, as in pyMannKendall', () => {
    const { s, tau, z, p } = mannKendall(WAVES, false)
    expect(s).toBe(297)
    close(tau, 0.6827586207)
    close(z, 5.28599522405)
    close(p, 1.25023155606e-7)
    close(theilSen([...WAVES.keys()], WAVES).slope, 0.11538461538)
  })

  test("Hamed and Rao's factor, as in pyMannKendall", () =>
    close(hamedRaoFactor(WAVES, 'all'), 1013.3794725927644 / 3135.6666666666665, 1e-3))

  test('the correction never makes a trend surer', () =>
    expect(mannKendall(WAVES).p).toBeGreaterThanOrEqual(mannKendall(WAVES, false).p))

  test('false alarms on autocorrelated noise stay rare', () => {
    let corrected = 0
    let plain = 0
    const runs = 400
    for (let seed = 1; seed <= runs; seed++) {
      const series = autoregressive(seed, 100, 0.7)
      if (mannKendall(series).p < 0.01) corrected++
      if (mannKendall(series, false).p < 0.01) plain++
    }
    expect(plain / runs).toBeGreaterThan(0.15)
    expect(corrected / runs).toBeLessThan(0.05)
  })
})

test("Fisher's exact test, as in SciPy", () => {
  close(fisherExact(8, 2, 1, 5), 0.03496503497)
  close(fisherExact(3, 1, 1, 3), 0.48571428571)
  close(fisherExact(0, 34, 40, 0), 7.282143142835817e-22)
  expect(fisherExact(0, 0, 3, 4)).toBe(1)
})

describe('corrections', () => {
  test('Benjamini-Hochberg, the fifteen p-values of their paper', () => {
    const ps = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ]
    expect(benjaminiHochberg(ps).filter((p) => p <= 0.05)).toHaveLength(4)
    expect(holm(ps).filter((p) => p <= 0.05)).toHaveLength(3)
  })

  test('order does not matter', () => {
    expect(benjaminiHochberg([0.5, 0.005, 0.03, 0.04, 0.01]).map((p) => Number(p.toFixed(4)))).toEqual([
      0.5, 0.025, 0.05, 0.05, 0.025,
    ])
    expect(holm([0.04, 0.01, 0.03]).map((p) => Number(p.toFixed(4)))).toEqual([0.06, 0.03, 0.06])
  })
})

test("Spearman's rho, as in SciPy", () => {
  const { rho } = spearman([1, 2, 3, 4, 5, 6, 7, 8], [1, 3, 2, 5, 4, 6, 8, 7])
  close(rho, 0.9285714286)
})

describe('autocorrelation', () => {
  test('of an alternating series is negative', () =>
    expect(autocorrelations([1, -1, 1, -1, 1, -1], 1)[0]).toBeLessThan(-0.8))
  test('time of white noise is 1, of AR(0.8) about 9', () => {
    expect(autocorrelationTime(autoregressive(3, 2000, 0))).toBeLessThan(1.5)
    const time = autocorrelationTime(autoregressive(3, 20_000, 0.8))
    expect(time).toBeGreaterThan(7)
    expect(time).toBeLessThan(11)
  })
})

describe('change points', () => {
  const noise = normal(7)
  const steps = Array.from({ length: 120 }, (_, i) => (i < 40 ? 0 : i < 90 ? 5 : 2) + noise())
  test('finds both steps', () => {
    const found = changePoints(steps)
    expect(found).toHaveLength(2)
    expect(Math.abs((found[0] ?? 0) - 40)).toBeLessThanOrEqual(2)
    expect(Math.abs((found[1] ?? 0) - 90)).toBeLessThanOrEqual(2)
  })
  test('finds none in noise, also in autocorrelated noise', () => {
    let alarms = 0
    for (let seed = 1; seed <= 100; seed++)
      if (changePoints(autoregressive(seed, 200, 0.5)).length > 0) alarms++
    expect(alarms).toBeLessThan(15)
    expect(changePoints(Array.from({ length: 50 }, () => 3))).toEqual([])
  })
})

test('an empirical null tells an outlier from drift', () => {
  const noise = normal(5)
  const drift = Array.from({ length: 100 }, () => 0.3 + 0.2 * noise())
  const chance = empiricalNull([...drift, 5])
  expect(chance.centre).toBeCloseTo(0.3, 1)
  expect(chance.p(5)).toBeLessThan(1e-6)
  expect(chance.p(0.7)).toBeGreaterThan(0.1)
})

test('a cure is the likelier the longer the symptom had lasted', () => {
  close(chanceOfEnding(19, 1), 0.05)
  expect(cureProbability(60, 1, 0)).toBeGreaterThan(0.95)
  expect(cureProbability(3, 3, 0)).toBeLessThan(0.7)
  expect(cureProbability(20, 3, 1)).toBeGreaterThan(0.95)
  expect(cureProbability(0, 0, 0)).toBeLessThan(0.5)
})

function autoregressive(seed: number, length: number, phi: number): number[] {
  const noise = normal(seed)
  let value = noise() / Math.sqrt(1 - phi * phi)
  return Array.from({ length }, () => (value = phi * value + noise()))
}
