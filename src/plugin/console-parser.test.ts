import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { recordRows } from '../../test/harness/row-recorder.ts'
import { consoleParser } from './console-parser.ts'

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../base/kernel-reports/fixtures/${name}.txt`, import.meta.url))
const START = 1_800_000_000_000_000_000n
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('lines have the time at which the kernel wrote them, however late they arrive', () => {
  const rows = recordRows()
  let now = START + 1_000_000_000n
  const parser = consoleParser({ rows, nowNs: () => now })
  parser.push(bytes('[    1.000000] one\n'))
  now += 5_000_000_000n
  parser.push(bytes('[    2.000000] two\nlogin: [    2.500000] three\n'))
  expect(parser.end()).toEqual({ lines: 4, rows: 4, bad: 0 })
  expect(rows.of('kernel_log')).toEqual([
    { ts: START + 1_000_000_000n, message: 'one', facility: 'kern', level: null, position: 0 },
    { ts: START + 2_000_000_000n, message: 'two', facility: 'kern', level: null, position: 1 },
    { ts: now, message: 'login:', facility: 'user', level: null, position: 2 },
    { ts: START + 2_500_000_000n, message: 'three', facility: 'kern', level: null, position: 3 },
  ])
})

test('a kernel that died is told when its console falls silent', () => {
  const told: [string, boolean, number][] = []
  const parser = consoleParser({
    rows: recordRows(),
    nowNs: () => START + 20_000_000_000n,
    report: ({ title, fatal }, ts) => told.push([title, fatal, Number(ts - START) / 1e9]),
  })
  parser.push(fixture('sysrq'))
  parser.settle()
  expect(told).toMatchObject([['kernel panic: sysrq triggered crash', true, expect.any(Number)]])
})

test('a queue of timers becomes a listing', () => {
  const rows = recordRows()
  const parser = consoleParser({ rows, nowNs: () => START + 3_000_000_000n })
  parser.push(
    bytes(
      [
        '[    3.000000] 1: found node in wrong place last=ffff01, next=ffff02 (expires 12500, 11000)',
        '[    3.000000] Printing rbtree',
        '[    3.000000] node=ffff01, expires=12500, function=hrtick+0x0/0x80',
        '[    3.000000] node=ffff02, expires=11000, function=hrtimer_wakeup+0x0/0x30',
        '',
      ].join('\n'),
    ),
  )
  parser.end()
  expect(rows.of('timers')).toMatchObject([
    { ts: START + 3_000_000_000n, cpu: 1, position: 0, function: 'hrtick', expires_ns: 12500n },
    { position: 1, function: 'hrtimer_wakeup', expires_ns: 11000n },
  ])
})
