import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { restartedTimersParser } from './parse.ts'

// Linux 6.1, of a process that had a thread whose timer was lost.
const golden = readFileSync(new URL('fixtures/trace-6.1.txt', import.meta.url), 'utf8')

function parse(trace: string, size?: number) {
  const rows = recordRows()
  const stats = parseAll(restartedTimersParser(rows), trace, size)
  return { stats, timers: rows.of('timers') }
}

test('only the wait whose time was over before the stop', () => {
  const { stats, timers } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(timers).toEqual([
    {
      operation: 'start',
      function: 'hrtimer_wakeup',
      expires_ns: 85293629124n,
      soft_expires_ns: 85293629124n,
      now_ns: 94288743000n,
      late_ns: 8555245876n,
      pid: 66,
      tid: 81,
      comm: 'parkload',
      count: 1n,
    },
  ])
  expect(parse(golden, 7)).toEqual(parse(golden))
})

test('without the mark of a stop nothing is late; what is cut or made up is bad, and no more', () => {
  const unmarked = golden.replace(/^.*tracing_mark_write.*\n/m, '')
  expect(parse(unmarked).timers).toEqual([])
  const made = parse(`${golden}nonsense\n x-1 [000] d.... 1.000000: hrtimer_start: hrtimer=1 fun\n`)
  expect(made.stats.bad).toBe(2)
  expect(made.timers).toHaveLength(1)
  expect(parse(`a${' '.repeat(100_000)}b\n`).stats.bad).toBe(1)
})
