import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row, TableName } from '../../../model/tables.ts'
import { createWakeupsParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/bpftrace-0.17.json', import.meta.url))

function parse(output: Uint8Array) {
  const wakeups: Row<'wakeups'>[] = []
  const locks: Row<'locks'>[] = []
  const add = (table: TableName, row: Row<TableName>): void => {
    if (table === 'locks') locks.push(row)
    else wakeups.push(row)
  }
  const parser = createWakeupsParser({ add }, { note: () => {} })
  parser.push(output)
  return { wakeups, locks, stats: parser.end() }
}

test('who woke whom, how often and for how long the woken waited', () => {
  const { wakeups, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(wakeups.filter(({ count }) => Number(count) > 100)).toMatchInlineSnapshot(`
    [
      {
        "comm": "wait,er",
        "count": 186,
        "latency_ns": 20528472,
        "max_ns": 7825579,
        "tid": 6244,
        "waker": "wak,er",
        "waker_pid": 6190,
      },
    ]
  `)
})

test('who let whom wait for a lock: of those who hand it on, each has but a moment of it', () => {
  const { locks } = parse(golden)
  expect(new Set(locks.map(({ pid, futex }) => `${pid} ${futex}`)).size).toBe(1)
  expect(locks.toSorted((a, b) => Number(b.held_ns) - Number(a.held_ns)).slice(0, 2)).toMatchInlineSnapshot(`
    [
      {
        "comm": "archiver",
        "count": 2,
        "futex": "0x562b88c8e160",
        "held_ns": 1007037059,
        "max_ns": 505948328,
        "pid": 6191,
        "tid": 6199,
      },
      {
        "comm": "worker",
        "count": 1,
        "futex": "0x562b88c8e160",
        "held_ns": 336201,
        "max_ns": 337813,
        "pid": 6191,
        "tid": 6193,
      },
    ]
  `)
})

test('output cut anywhere gives no wrong count', () => {
  const whole = parse(golden).wakeups.map(({ waker_pid, tid, count }) => `${waker_pid} ${tid} ${count}`)
  for (let end = 0; end < golden.length; end += 61) {
    for (const { waker_pid, tid, count } of parse(golden.subarray(0, end)).wakeups) {
      expect(whole).toContain(`${waker_pid} ${tid} ${count}`)
    }
  }
})
