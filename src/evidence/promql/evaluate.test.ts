import { describe, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { seriesEvery, sourceOf } from '../../../test/harness/series.ts'
import {
  conditionHolds,
  evaluate,
  lookbackOf,
  metricOf,
  parsePromql,
  selectorsOf,
  windowsOf,
  type Value,
} from './index.ts'
import { formatLabels } from './labels.ts'

const every5m = 300_000
/** `from, from + step, ...`, `count` more values after the first, in the notation of Prometheus' documentation. */
const ramp = (from: number, step: number, count: number): number[] =>
  Array.from({ length: count + 1 }, (_, index) => from + index * step)

const source = sourceOf([
  seriesEvery(every5m, { __name__: 'requests', path: '/steady' }, ramp(0, 10, 10)),
  seriesEvery(every5m, { __name__: 'requests', path: '/restarted' }, [...ramp(0, 10, 5), ...ramp(0, 10, 5)]),
  seriesEvery(every5m, { __name__: 'requests', path: '/late' }, [
    ...Array.from({ length: 7 }, () => undefined),
    ...ramp(1000, 10, 3),
  ]),
  seriesEvery(1000, { __name__: 'temperature', node: 'a' }, [1, 2, 4, 'stale', undefined, 8]),
])

function value(text: string, seconds: number): Value {
  const parsed = parsePromql(text)
  if ('problems' in parsed) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
  return evaluate(parsed.expr, source, seconds * 1000)
}

/** Labels and values as one line each. */
function show(text: string, seconds: number): string[] {
  const result = value(text, seconds)
  if (result.type === 'scalar') return [String(result.value)]
  return result.samples.map(
    (sample) => `${formatLabels(sample.labels)} ${Number(sample.value.toPrecision(12))}`,
  )
}

describe('functions of counters', () => {
  test('a rate covers the whole range, and corrects for restarts', () => {
    expect(show('rate(requests{path!="/late"}[50m])', 3000)).toEqual([
      '{path="/steady"} 0.0333333333333',
      '{path="/restarted"} 0.03',
    ])
    expect(show('increase(requests{path!="/late"}[50m])', 3000)).toEqual([
      '{path="/steady"} 100',
      '{path="/restarted"} 90',
    ])
  })

  test('a series that begins within the range is extrapolated by half an interval only', () => {
    // Three intervals seen, half of one before the first sample, none after the last.
    expect(show('increase(requests{path="/late"}[50m])', 3000)).toEqual(['{path="/late"} 35'])
  })

  test('a counter is not extrapolated below zero', () => {
    // The range begins 200 s before the first sample; a counter that is 0 there cannot have been less before.
    expect(show('increase(requests{path="/steady"}[20m])', 1000)).toEqual(['{path="/steady"} 33.3333333333'])
    expect(show('delta(requests{path="/steady"}[20m])', 1000)).toEqual(['{path="/steady"} 40'])
  })

  test('one sample has no rate', () => {
    expect(show('rate(requests[1m])', 3000)).toEqual([])
    expect(show('irate(requests{path="/restarted"}[6m])', 1800)).toEqual(['{path="/restarted"} 0'])
  })
})

describe('staleness', () => {
  test('a stale marker ends a series at once; without one it lasts five minutes', () => {
    expect(show('temperature', 2.9)).toEqual(['{__name__="temperature", node="a"} 4'])
    expect(show('temperature', 3)).toEqual([])
    expect(show('temperature', 305)).toEqual(['{__name__="temperature", node="a"} 8'])
    expect(show('temperature', 305.001)).toEqual([])
  })

  test('ranges leave stale markers out', () => {
    expect(show('count_over_time(temperature[1m])', 10)).toEqual(['{node="a"} 4'])
  })
})

test('a subquery steps at multiples of its step, a second unless it says otherwise', () => {
  expect(show('count_over_time((temperature > 0)[10s:])', 5.5)).toEqual(['{node="a"} 4'])
  expect(show('sum_over_time(temperature[4s:2s])', 5.5)).toEqual(['{node="a"} 4'])
})

test('a comparison with a vector that is empty gives nothing, and the condition does not hold', () => {
  expect(conditionHolds(value('temperature > 100', 2))).toEqual([])
  expect(conditionHolds(value('temperature > 3', 2))).toEqual([
    { labels: { __name__: 'temperature', node: 'a' }, value: 4 },
  ])
  expect(conditionHolds(value('1 > bool 2', 2))).toEqual([])
  expect(conditionHolds(value('scalar(missing)', 2))).toEqual([])
  expect(conditionHolds(value('time()', 2))).toEqual([{ labels: {}, value: 2 }])
})

test('what Prometheus raises is an error with a sentence', () => {
  const failure = (text: string): unknown => {
    try {
      return value(text, 3000)
    } catch (error) {
      return error instanceof UserError ? error.message : error
    }
  }
  expect(failure('requests + on () requests')).toBe(
    'two series on the right of `+` have the matching labels {}: {__name__="requests", path="/steady"} and {__name__="requests", path="/restarted"}',
  )
  expect(failure('requests + on () requests{path="/late"}')).toBe(
    'several series on the left of `+` match {__name__="requests", path="/late"} on its right',
  )
  expect(failure('label_replace(requests, "path", "same", "", "")')).toBe(
    'two series of the result would have the same labels',
  )
  expect(failure('topk(NaN, requests)')).toBe('NaN is no number of series')
  expect(failure('sum_over_time((sum_over_time(vector(1)[1y:1ms]))[1y:1ms])')).toBe(
    'the expression reads too much',
  )
})

test('an expression tells which series it reads, and how far back', () => {
  const parsed = parsePromql('a{x="1"} > 10 * avg_over_time(rate(b[1m])[10m:10s] offset 5m) or c offset -1h')
  if ('problems' in parsed) throw new Error('it is valid')
  expect(selectorsOf(parsed.expr).map(({ matchers }) => matchers)).toEqual([
    [
      { name: 'x', op: '=', value: '1' },
      { name: '__name__', op: '=', value: 'a' },
    ],
    [{ name: '__name__', op: '=', value: 'b' }],
    [{ name: '__name__', op: '=', value: 'c' }],
  ])
  expect(lookbackOf(parsed.expr)).toBe(16 * 60_000)
})

test('what each selector has to find, without those that the whole can do without', () => {
  const text =
    'increase(a[10s] offset 5s) > b and max_over_time(rate(c[1m])[10m:]) > (e or vector(0)) unless d'
  const parsed = parsePromql(text)
  if ('problems' in parsed) throw new Error(text)
  const windows = windowsOf(parsed.expr)
  expect(windows.map(({ selector, pastMs, least }) => [metricOf(selector), pastMs / 1000, least])).toEqual([
    ['a', 15, 2],
    ['b', 300, 1],
    ['c', 660, 2],
  ])
})
