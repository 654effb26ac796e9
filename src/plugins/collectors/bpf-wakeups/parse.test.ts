import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createWakeupsParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/bpftrace-0.17.json', import.meta.url))

function parse(output: Uint8Array) {
  const rows: Row<'wakeups'>[] = []
  const parser = createWakeupsParser({ add: (_, row) => void rows.push(row) }, { note: () => {} })
  parser.push(output)
  return { rows, stats: parser.end() }
}

test('who woke whom, how often and for how long the woken waited', () => {
  const { rows, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(rows.filter(({ count }) => Number(count) > 100)).toMatchInlineSnapshot(`
    [
      {
        "comm": "wait,er",
        "count": 144,
        "latency_ns": 8037684,
        "max_ns": 2618046,
        "tid": 30198,
        "waker": "wak,er",
        "waker_pid": 30196,
      },
      {
        "comm": "wak,er",
        "count": 164,
        "latency_ns": 2244232,
        "max_ns": 45984,
        "tid": 30196,
        "waker": "swapper/1",
        "waker_pid": 0,
      },
    ]
  `)
})

test('output cut anywhere gives no wrong count', () => {
  const whole = parse(golden).rows.map(({ waker_pid, tid, count }) => `${waker_pid} ${tid} ${count}`)
  for (let end = 0; end < golden.length; end += 61) {
    for (const { waker_pid, tid, count } of parse(golden.subarray(0, end)).rows) {
      expect(whole).toContain(`${waker_pid} ${tid} ${count}`)
    }
  }
})
