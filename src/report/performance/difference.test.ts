import { expect, test } from 'vitest'
import { sketchSeries } from '../../../test/harness/histogram-series.ts'
import { differences, type Difference } from './difference.ts'
import type { Series } from './series.ts'

const judged = (baseline: Series, other: Series): Difference[] =>
  differences(baseline, other).filter((one) => 'p' in one)
/** A few, and small ones: bench/performance has the error rates of many. */
const PAIRS = 12

/** How often each metric was called different at the 5 % level, of how often it could be judged. */
function alarms(memory: number, factor: number): { said: number; of: number; inside: number } {
  let [said, of, inside] = [0, 0, 0]
  for (let seed = 1; seed <= PAIRS; seed++) {
    const sketch = { intervals: 200, operations: 12, memory, centre: 2000 }
    const baseline = sketchSeries({ ...sketch, seed })
    const other = sketchSeries({ ...sketch, seed: seed + 1000, factor })
    for (const { metric, p, low, high, baseline: was } of judged(baseline, other)) {
      if (metric.id !== 'p50' && metric.id !== 'p90') continue
      of++
      if (p < 0.05) said++
      const truth = was * (factor - 1)
      if (truth >= low && truth <= high) inside++
    }
  }
  return { said, of, inside }
}

test('two series that differ by chance are called different about as often as promised', () => {
  for (const memory of [0, 0.5]) {
    const { said, of, inside } = alarms(memory, 1)
    expect(of).toBeGreaterThan(PAIRS)
    expect(said / of).toBeLessThan(0.15)
    expect(inside / of).toBeGreaterThan(0.85)
  }
})

test('a slowdown by 30 % is seen, and its interval has it', () => {
  const { said, of, inside } = alarms(0.5, 1.3)
  expect(said / of).toBeGreaterThan(0.9)
  expect(inside / of).toBeGreaterThan(0.85)
})

test('the same series does not differ from itself', () => {
  const series = sketchSeries({ seed: 3, intervals: 100, operations: 20, memory: 0 })
  const same = judged(series, series)
  expect(same.map(({ metric }) => metric.id)).toEqual(['throughput', 'mean', 'p50', 'p90', 'p95'])
  expect(same.every(({ p, difference, effect }) => p === 1 && difference === 0 && effect === 0)).toBe(true)
})

test('what cannot be known is not judged', () => {
  const short = sketchSeries({ seed: 1, intervals: 6, operations: 20, memory: 0 })
  const whys = differences(short, short).map((one) => ('why' in one ? `${one.metric.id}: ${one.why}` : ''))
  expect(whys.join('\n')).toContain('p50: too short: 6 intervals, and 16 are needed')
  const slow = sketchSeries({ seed: 1, intervals: 60, operations: 20, memory: 0.95 })
  const reasons = differences(slow, slow).map((one) => ('why' in one ? one.why : ''))
  expect(reasons[0]).toMatch(/too short: \d+ independent intervals, and 18 are needed/)
  const long = sketchSeries({ seed: 1, intervals: 100, operations: 20, memory: 0 })
  const others = differences(long, long).map((one) => ('why' in one ? `${one.metric.id}: ${one.why}` : ''))
  expect(others.join('\n')).toMatch(/p99\.9: too few operations: \d+ in a stretch, and 5000 are needed/)
  expect(others.join('\n')).toContain('max: a maximum is a single operation')
})
