import { expect, test } from 'vitest'
import type { LabelMatcher } from '../model/series.ts'
import type { RowSink } from '../plugin/evidence.ts'
import { isStale } from '../model/series.ts'
import { createMetricStore, type MetricStore } from './metrics.ts'
import { evaluate, parsePromql } from './promql/index.ts'

const named = (value: string): LabelMatcher => ({ name: '__name__', op: '=', value })

function samplesOf(
  store: MetricStore,
  matchers: readonly LabelMatcher[],
): Record<string, (number | 'stale')[]> {
  const found: Record<string, (number | 'stale')[]> = {}
  for (const { labels, values, length } of store.select(matchers, 0, 1e15)) {
    found[JSON.stringify(labels)] = Array.from({ length }, (_, index) => {
      const value = values[index] ?? 0
      return isStale(value) ? 'stale' : value
    })
  }
  return found
}

function drained(store: MetricStore): unknown[] {
  const rows: unknown[] = []
  store.drain((node): RowSink => ({ add: (table, row) => rows.push({ node, table, ...row }) }))
  return rows
}

test('a series that a tick leaves out goes stale at that tick, once, and comes back', () => {
  const store = createMetricStore({ retentionMs: 60_000 })
  const tick = store.source({ node: 'server/0' })
  const a = tick.sink.series('a')
  const b = tick.sink.series('b', { z: '1', c: '2', empty: '' })
  const ticks: [number, number?][] = [[1, 10], [2], [3], [4, 11]]
  for (const [second, value] of ticks) {
    tick.begin(second * 1000)
    a.set(second)
    if (value !== undefined) b.set(value)
    tick.end()
  }
  expect(samplesOf(store, [named('a')])).toEqual({ '{"__name__":"a","node":"server/0"}': [1, 2, 3, 4] })
  expect(samplesOf(store, [named('b')])).toEqual({
    '{"__name__":"b","c":"2","node":"server/0","z":"1"}': [10, 'stale', 11],
  })
})

test('a forgotten series goes stale and is written again under the same labels', () => {
  const store = createMetricStore({ retentionMs: 60_000 })
  const tick = store.source({})
  const first = tick.sink.series('process', { pid: '1' })
  tick.begin(1000)
  first.set(5)
  tick.end()
  tick.sink.forget(first)
  tick.begin(2000)
  tick.end()
  tick.begin(3000)
  tick.sink.series('process', { pid: '1' }).set(6)
  tick.end()
  expect(samplesOf(store, [named('process')])).toEqual({
    '{"__name__":"process","pid":"1"}': [5, 'stale', 6],
  })
  expect(store.size).toBe(1)
})

test('all four matchers; missing labels are empty; expressions are anchored', () => {
  const store = createMetricStore({ retentionMs: 60_000 })
  const tick = store.source({})
  tick.begin(1000)
  tick.sink.series('m', { mode: 'user' }).set(1)
  tick.sink.series('m', { mode: 'system' }).set(2)
  tick.sink.series('m').set(3)
  tick.sink.series('constructor', JSON.parse('{"__proto__": "x"}')).set(4)
  tick.end()
  const values = (...matchers: LabelMatcher[]): unknown => Object.values(samplesOf(store, matchers)).flat()
  const mode = (op: LabelMatcher['op'], value: string): unknown =>
    values(named('m'), { name: 'mode', op, value })
  expect(mode('=', 'user')).toEqual([1])
  expect(mode('=', '')).toEqual([3])
  expect(mode('!=', 'user')).toEqual([2, 3])
  expect(mode('=~', 'us|s.*')).toEqual([2])
  expect(mode('!~', '.+er')).toEqual([2, 3])
  expect(values({ name: '__proto__', op: '=', value: 'x' })).toEqual([4])
  expect(values({ name: 'toString', op: '=', value: '' }, named('m'))).toEqual([1, 2, 3])
  expect(values({ name: '__name__', op: '=~', value: 'const.*' })).toEqual([4])
})

test('drain hands over each sample once, without stale markers, as rows of its node', () => {
  const store = createMetricStore({ retentionMs: 60_000 })
  const tick = store.source({ node: 'client/1' })
  const a = tick.sink.series('a', { y: '2', x: '"' })
  tick.begin(1_700_000_000_000.125)
  a.set(1)
  tick.end()
  const row = { node: 'client/1', table: 'samples', metric: 'a', labels: '{"x":"\\"","y":"2"}' }
  expect(drained(store)).toEqual([{ ...row, ts: 1_700_000_000_000_125_000n, value: 1 }])
  tick.begin(1_700_000_001_000)
  tick.end()
  tick.begin(1_700_000_002_000)
  a.set(Number.NaN)
  a.set(2)
  tick.end()
  expect(drained(store)).toEqual([{ ...row, ts: 1_700_000_002_000_000_000n, value: 2 }])
  expect(drained(store)).toEqual([])
})

test('memory is bounded by retention and by the number of series', () => {
  const store = createMetricStore({ retentionMs: 10_000, maxSeries: 3 })
  const tick = store.source({})
  const steady = tick.sink.series('steady')
  for (let second = 0; second < 5000; second++) {
    tick.begin(second * 1000)
    steady.set(second)
    const short = tick.sink.series('short', { id: String(Math.floor(second / 100)) })
    short.set(1)
    if (second % 100 === 99) tick.sink.forget(short)
    tick.end()
  }
  const [series] = store.select([named('steady')], 0, 1e15)
  expect(series?.times.length).toBeLessThanOrEqual(64)
  expect(series?.values[series.length - 1]).toBe(4999)
  expect(store.size).toBeLessThanOrEqual(3)
  expect(store.refused.series).toBe(0)
  for (let id = 0; id < 10; id++) tick.sink.series('hostile', { id: String(id) }).set(1)
  expect(store.size).toBe(3)
  expect(store.refused.series).toBeGreaterThan(5)
})

test('a time that goes back is refused and counted', () => {
  const store = createMetricStore({ retentionMs: 10_000 })
  const tick = store.source({})
  const a = tick.sink.series('a')
  for (const timeMs of [2000, 1000, 3000]) {
    tick.begin(timeMs)
    a.set(timeMs)
    tick.end()
  }
  expect(samplesOf(store, [named('a')])).toEqual({ '{"__name__":"a"}': [2000, 3000] })
  expect(store.refused.samples).toBe(1)
})

test('stale markers survive a long life of compiled code', () => {
  const store = createMetricStore({ retentionMs: 3_600_000 })
  const tick = store.source({})
  const handles = Array.from({ length: 50 }, (_, index) => tick.sink.series('m', { index: String(index) }))
  const parsed = parsePromql('count(m) - count(m offset 1s)')
  if ('problems' in parsed) throw new Error('it is valid')
  for (let second = 1; second <= 3000; second++) {
    tick.begin(second * 1000)
    for (const [index, handle] of handles.entries()) if ((second + index) % 2 === 0) handle.set(Number.NaN)
    tick.end()
    const value = evaluate(parsed.expr, store, second * 1000)
    expect(value.type === 'vector' ? value.samples.map((sample) => sample.value) : []).toEqual(
      second > 1 ? [0] : [],
    )
  }
})
