import { decodeHistogram } from '../../base/hdr/decode.ts'
import { maximum, percentile } from '../../base/hdr/histogram.ts'
import { expect, test } from 'vitest'
import { logHeader, Recorder } from './recorder.ts'

/** Tag, start, length, maximum and count of each line of a log. */
const linesOf = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [tag, start, length, most, histogram = ''] = line.split(',')
      return [tag, start, length, most, decodeHistogram(histogram).total]
    })

test('an interval has what ended in it, the total everything', () => {
  const recorder = new Recorder()
  recorder.record('read', 'ok', 1)
  recorder.record('read', 'ok', 3)
  recorder.record('write', 'ok', 2)
  const first = recorder.endInterval(1_700_000_000_000, 1_700_000_001_500)
  expect(linesOf(first.text)).toEqual([
    ['Tag=read', '1700000000.000', '1.500', expect.stringMatching(/^3\.\d{3}$/), 2],
    ['Tag=write', '1700000000.000', '1.500', expect.stringMatching(/^2\.\d{3}$/), 1],
  ])
  recorder.record('read', 'ok', 5)
  const second = recorder.endInterval(1_700_000_001_500, 1_700_000_002_000)
  expect(linesOf(second.text)).toMatchObject([['Tag=read', '1700000001.500', '0.500', /^5/, 1]])
  expect(second.series).toEqual([
    {
      kind: 'read',
      outcome: 'ok',
      total: 3,
      quantiles: Object.fromEntries(
        ['0.5', '0.9', '0.99', '0.999'].map((quantile) => [quantile, expect.closeTo(0.005, 5)]),
      ),
    },
    { kind: 'write', outcome: 'ok', total: 1, quantiles: {} },
  ])
  expect(recorder.endInterval(0, 1).text).toBe('')
})

test('latencies are in ns, to three digits, from one ns to an hour', () => {
  const recorder = new Recorder()
  for (const ms of [-1, 0, 0.001, 12.345, 1e9]) recorder.record('read', 'ok', ms)
  const [series] = recorder.summary()
  const whole = decodeHistogram(series?.histogram ?? '')
  expect([20, 40, 60].map((level) => percentile(whole, level))).toEqual([1, 1, 1000])
  expect(percentile(whole, 80) / 12_345_000).toBeCloseTo(1, 3)
  expect(maximum(whole) / 3600e9).toBeCloseTo(1, 3)
})

test('what went wrong is apart, also from a kind that is called like it', () => {
  const recorder = new Recorder()
  recorder.record('read', 'error', 1)
  recorder.record('read-error', 'ok', 1)
  recorder.record('read', 'timeout', 1)
  recorder.record('read', 'timeout', 1)
  expect(
    recorder.endInterval(0, 1000).series.map(({ kind, outcome, total }) => [kind, outcome, total]),
  ).toEqual([
    ['read', 'error', 1],
    ['read-error', 'ok', 1],
    ['read', 'timeout', 2],
  ])
})

test('errors are counted by code, each with its first message; beyond fifty codes together', () => {
  const recorder = new Recorder()
  for (let code = 0; code < 60; code += 1) recorder.error(`E${code}`, `first of ${code}`)
  recorder.error('E7', 'x'.repeat(1000))
  const errors = recorder.errors()
  expect(errors[7]).toEqual({ code: 'E7', count: 2, example: 'first of 7' })
  expect(errors).toHaveLength(51)
  expect(errors.at(-1)).toEqual({ code: 'other errors', count: 10, example: 'first of 50' })
})

test('the head of a log', () => {
  expect(logHeader(1_700_000_000_123)).toMatchInlineSnapshot(`
    "#[Histogram log format version 1.3]
    #[StartTime: 1700000000.123 (seconds since epoch), 2023-11-14T22:13:20.123Z]
    "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
    "
  `)
})
