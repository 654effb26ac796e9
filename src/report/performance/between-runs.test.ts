import { expect, test } from 'vitest'
import { sketchSeries } from '../../../test/harness/histogram-series.ts'
import { normal } from '../../diagnosis/synthetic-run.ts'
import { differencesBetweenRuns } from './between-runs.ts'
import { differences, type Difference } from './difference.ts'
import type { Series } from './series.ts'

/** Runs of a system that is slower by `factor`, each of which also differs by chance, by 10 % or so. */
function runs(seed: number, count: number, factor = 1): Series[] {
  const noise = normal(seed)
  return Array.from({ length: count }, (_, index) =>
    sketchSeries({
      seed: seed * 100 + index,
      intervals: 40,
      operations: 20,
      memory: 0,
      centre: 2000,
      factor: factor * Math.exp(0.1 * noise()),
    }),
  )
}
const median = (all: ReturnType<typeof differencesBetweenRuns>): Difference | undefined =>
  all.flatMap((one) => ('p' in one && one.metric.id === 'p50' ? [one] : []))[0]
const alarms = (judge: (seed: number) => Difference | undefined): number =>
  Array.from({ length: 20 }, (_, index) => judge(index + 1)).filter((one) => (one?.p ?? 1) < 0.05).length

test('what differs from run to run is no difference between systems, which one run of each cannot tell', () => {
  const several = alarms((seed) => median(differencesBetweenRuns(runs(seed, 4), runs(seed + 500, 4))))
  const single = alarms((seed) => {
    const [[first], [second]] = [runs(seed, 1), runs(seed + 500, 1)]
    return first && second && median(differences(first, second))
  })
  expect(several).toBeLessThan(4)
  expect(single).toBeGreaterThan(2 * several)
})

test('a system that is slower by half is seen in four runs', () => {
  const found = median(differencesBetweenRuns(runs(1, 4), runs(2, 4, 1.5)))
  expect(found?.p).toBeLessThan(0.05)
  expect(found?.effect).toBe(1)
})

test('what cannot be known is not judged', () => {
  const why = (baseline: readonly Series[], others: readonly Series[]): string =>
    differencesBetweenRuns(baseline, others)
      .map((one) => ('why' in one ? `${one.metric.id}: ${one.why}` : ''))
      .join('\n')
  expect(why(runs(1, 3), runs(2, 1))).toContain('p50: too few runs: 1, and 2 are needed on each side')
  expect(why(runs(1, 2), runs(2, 2))).toMatch(/p99\.9: too few operations: \d+ in a run, and 5000 are needed/)
})
