import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createTimersParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/bpftrace-0.17.json', import.meta.url))

function parse(output: Uint8Array) {
  const rows: Row<'timers'>[] = []
  const parser = createTimersParser({ add: (_, row) => void rows.push(row) }, { note: () => {} })
  parser.push(output)
  return { rows, stats: parser.end() }
}

test('timers by operation, function and process, and those still armed', () => {
  const { rows, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  const brief = rows.map(({ operation, function: timer, comm, count, late_ns, max_ns, expires_ns, now_ns }) =>
    [operation, timer, comm, count, late_ns, max_ns, expires_ns, now_ns].join(' | '),
  )
  expect(brief.filter((row) => /wak,er|armed/.test(row))).toMatchInlineSnapshot(`
    [
      "start | tick_nohz_handler | wak,er | 5 |  |  |  | ",
      "start | hrtimer_wakeup | wak,er | 125 |  |  |  | ",
      "expire | tick_nohz_handler | wak,er | 5 | 89780 | 25991 |  | ",
      "expire | hrtimer_wakeup | wak,er | 125 | 7927755 | 6079529 |  | ",
      "armed | hrtimer_wakeup |  | 1 |  |  | 3130349195012 | 3130121282423",
      "armed | hrtimer_wakeup |  | 1 |  |  | 3134636782984 | 3130121282423",
      "armed | hrtimer_wakeup |  | 1 |  |  | 3130195737274 | 3130121282423",
      "armed | hrtimer_wakeup |  | 1 |  |  | 3137044200086 | 3130121282423",
      "armed | perf_swevent_hrtimer |  | 1 |  |  | 3131621254291 | 3130121282423",
      "armed | hrtimer_wakeup |  | 1 |  |  | 3130903684811 | 3130121282423",
      "armed | hrtimer_wakeup |  | 1 |  |  | 3134636797555 | 3130121282423",
      "armed | hrtimer_wakeup |  | 1 |  |  | 3130290527711 | 3130121282423",
    ]
  `)
})

test('a value of another form loses its row only', () => {
  const text = golden.toString().replace(/"@armed": \{"[^"]*": \[/, '$&"odd", ')
  expect(parse(Buffer.from(text)).rows.length).toBe(parse(golden).rows.length - 1)
})
