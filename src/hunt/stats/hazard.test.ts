/** Against closed forms and a published example, and by seeded simulation where a promise is about many hunts. */
import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { kaplanMeier, quietByChance, quietNeeded, rateInterval, weibull, type Watched } from './hazard.ts'

test('quiet time by chance, against closed forms', () => {
  // A rate that is known well: exp(-rate * time).
  expect(quietByChance({ shown: 100_000, seconds: 1e6 }, 20)).toBeCloseTo(Math.exp(-2), 4)
  // As long again as it was watched for halves it k + 1/2 times.
  expect(quietByChance({ shown: 3, seconds: 500 }, 500)).toBeCloseTo(0.5 ** 3.5, 12)
  const needed = quietNeeded({ shown: 3, seconds: 500 }, 0.05)
  expect(quietByChance({ shown: 3, seconds: 500 }, needed)).toBeCloseTo(0.05, 12)
  expect(quietNeeded({ shown: 0, seconds: 500 }, 0.05)).toBe(Infinity)
})

test('the interval of a rate holds it at all looks in as many hunts as it says, on any scale of time', () => {
  for (const mean of [3, 4000]) {
    let wrong = 0
    for (let hunt = 0; hunt < 200; hunt++) {
      const random = seededRandom(hunt * 7919 + 1)
      const known = { shown: 0, seconds: 0 }
      for (let run = 0; run < 200; run++) {
        // Runs end after twice the mean time at the latest.
        const time = -mean * Math.log(1 - random.next())
        known.seconds += Math.min(time, 2 * mean)
        if (time < 2 * mean) known.shown++
        const { low, high } = rateInterval(known, 0.95)
        if (low <= 1 / mean && 1 / mean <= high) continue
        wrong++
        break
      }
    }
    expect(wrong / 200).toBeLessThanOrEqual(0.05)
  }
})

test('no event leaves an upper bound, and no time leaves everything', () => {
  expect(rateInterval({ shown: 0, seconds: 0 }, 0.95)).toEqual({ low: 0, high: Infinity })
  const { low, high } = rateInterval({ shown: 0, seconds: 1000 }, 0.95)
  expect(low).toBe(0)
  expect(high).toBeGreaterThan(3 / 1000)
  expect(high).toBeLessThan(12 / 1000)
})

const drawn = (shape: number, seed: number, count = 80): Watched[] => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => {
    const time = 100 * (-Math.log(1 - random.next())) ** (1 / shape)
    return { seconds: Math.min(time, 150), shown: time < 150 }
  })
}

test('a rate that is not constant is told, and one that is seldom is', () => {
  for (const shape of [0.4, 3]) {
    const found = weibull(drawn(shape, 5))
    expect(found.contradicted).toBe(true)
    expect(Math.abs(Math.log(found.shape / shape))).toBeLessThan(0.3)
  }
  const alarms = Array.from({ length: 300 }, (_, seed) => weibull(drawn(1, seed)).contradicted)
  expect(alarms.filter(Boolean).length).toBeLessThanOrEqual(9)
  expect(weibull(drawn(3, 5, 4))).toEqual({ shape: 1, contradicted: false })
})

test('the curve of Kaplan and Meier, of the 6-MP group of Freireich et al. (1963)', () => {
  const censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
  const events = [6, 6, 6, 7, 10, 13, 16, 22, 23]
  const runs = [
    ...events.map((seconds) => ({ seconds, shown: true })),
    ...censored.map((seconds) => ({ seconds, shown: false })),
  ]
  const steps = kaplanMeier(runs)
  expect(steps.map(({ share }) => Number(share.toFixed(3)))).toEqual([
    0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448,
  ])
  expect(steps.map(({ atRisk }) => atRisk)).toEqual([21, 17, 15, 12, 11, 7, 6])
})
