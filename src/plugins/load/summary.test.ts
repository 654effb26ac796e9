import { expect, test } from 'vitest'
import type { LoadOutcome } from './messages.ts'
import { Recorder } from './recorder.ts'
import { summarize, summaryCsv, summaryValue, type NodeEnd } from './summary.ts'

/** What a node tells at its end, having done these operations with these latencies in ms. */
function ended(seconds: number, done: readonly [kind: string, outcome: LoadOutcome, ms: number][]): NodeEnd {
  const recorder = new Recorder()
  for (const [kind, outcome, ms] of done) {
    recorder.record(kind, outcome, ms)
    if (outcome === 'error') recorder.error('ECONNRESET', `after ${ms} ms`)
  }
  return { type: 'ended', seconds, series: recorder.summary(), errors: recorder.errors() }
}

const first = ended(2, [
  ['read', 'ok', 1],
  ['read', 'ok', 2],
  ['cas', 'mismatch', 4],
  ['read', 'error', 8],
])
const second = ended(4, [
  ['read', 'ok', 16],
  ['write', 'timeout', 32],
  ['read', 'error', 64],
  ['read', 'error', 64],
])

test('nodes are put together, by kind and outcome', () => {
  const summary = summarize([first, second])
  expect(summary).toMatchObject({ succeeded: 4, failed: 4, rate: 1 })
  expect(summary.series.map(({ kind, outcome, histogram }) => [kind, outcome, histogram.totalCount])).toEqual(
    [
      ['read', 'ok', 3],
      ['cas', 'mismatch', 1],
      ['read', 'error', 3],
      ['write', 'timeout', 1],
    ],
  )
  expect(summary.errors).toEqual([{ code: 'ECONNRESET', count: 3, example: expect.any(String) }])
})

test('a comparison that came out otherwise is an answer; an error and no answer are failures', () => {
  expect(summarize([ended(1, [['cas', 'mismatch', 1]])])).toMatchObject({ succeeded: 1, failed: 0 })
  expect(summarize([ended(1, [['cas', 'error', 1]])])).toMatchObject({ succeeded: 0, failed: 1 })
  expect(summarize([ended(1, [['cas', 'timeout', 1]])])).toMatchObject({ succeeded: 0, failed: 1 })
})

test('nothing at all has a rate of 0', () => {
  expect(summarize([])).toEqual({ succeeded: 0, failed: 0, rate: 0, errors: [], series: [] })
  expect(summarize([ended(0, [])]).rate).toBe(0)
})

test('as a table, and as the value of the operation', () => {
  expect(summaryCsv(summarize([first]), 2)).toMatchInlineSnapshot(`
    "kind,outcome,operations,rate,mean_ms,p50_ms,p90_ms,p99_ms,p999_ms,max_ms
    read,ok,2,1,1.5,1,2.001,2.001,2.001,2.001
    cas,mismatch,1,0.5,4.001,4.002,4.002,4.002,4.002,4.002
    read,error,1,0.5,8.002,8.004,8.004,8.004,8.004,8.004
    "
  `)
  expect(summaryValue(summarize([first]))).toMatchInlineSnapshot(`
    {
      "errors": [
        {
          "code": "ECONNRESET",
          "count": 1,
          "example": "after 8 ms",
        },
      ],
      "failed": 1,
      "latencies": [
        {
          "count": 2,
          "kind": "read",
          "max": 2.001,
          "outcome": "ok",
          "p50": 1,
          "p99": 2.001,
        },
        {
          "count": 1,
          "kind": "cas",
          "max": 4.002,
          "outcome": "mismatch",
          "p50": 4.002,
          "p99": 4.002,
        },
        {
          "count": 1,
          "kind": "read",
          "max": 8.004,
          "outcome": "error",
          "p50": 8.004,
          "p99": 8.004,
        },
      ],
      "rate": 1.5,
      "succeeded": 3,
    }
  `)
})
