import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { ProgressEvent } from '../../engine/progress.ts'
import { liveProgress } from './live.ts'
import { plainProgress } from './plain.ts'
import { render, sparkline } from './render.ts'
import { widthOf } from './terminal-text.ts'
import { createView, take, type RunView } from './view.ts'

const probe = (name: string, success: boolean, durationMs = 3): ProgressEvent => ({
  type: 'probe',
  name,
  success,
  durationMs,
  error: success ? '' : 'timeout after 1s',
})
const rung = (collector: string, more: Partial<Extract<ProgressEvent, { type: 'rung' }>>): ProgressEvent => ({
  type: 'rung',
  capture: 'sick-1',
  collector,
  tier: 'read',
  what: 'ended',
  status: 'ok',
  ...more,
})

const story: readonly [seconds: number, event: ProgressEvent][] = [
  [0, { type: 'run', id: 'run-1', directory: '/runs/run-1', expectedMs: 60_000 }],
  [0, { type: 'state', state: 'running' }],
  [0, { type: 'module', name: 'build', phase: '1', what: 'began' }],
  [1, { type: 'module', name: 'build', phase: '1', what: 'ended' }],
  [1, { type: 'module', name: 'serve', phase: '2', what: 'began' }],
  [2, probe('http', true)],
  [2, probe('log\u001B[2J', true)],
  [3, { type: 'symptom', name: 'dark', what: 'healthy', value: null }],
  [9, probe('http', false, 1000)],
  [10, { type: 'symptom', name: 'dark', what: 'showing', value: 0.123456 }],
  [11, { type: 'state', state: 'capturing' }],
  [11, { type: 'climb', capture: 'sick-1', what: 'began', rungs: 4 }],
  [12, rung('sockets', { symptomAfter: true })],
  [12, rung('jstack', { tier: 'sample', status: 'missing' })],
  [13, rung('gdb', { tier: 'stop', symptomAfter: false })],
  [14, rung('strace', { tier: 'stop', what: 'began' })],
  [14, { type: 'note', text: 'a note\r\nof two lines' }],
]

function viewOf(events: readonly (readonly [number, ProgressEvent])[]): RunView {
  const view = createView(0)
  for (const [seconds, event] of events) take(view, event, seconds * 1000)
  return view
}

const drawn = (view: RunView, columns: number, rows: number): string[] =>
  render(view, 20_000, { columns, rows }).map(stripVTControlCharacters)

test('the view at 80 and at 50 columns', () => {
  expect(`\n${drawn(viewOf(story), 80, 24).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    run-1  capturing  20s of about 1m  ━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
      modules  ✔ build  ▶ serve
      probe    ✘ http             ▁█                        timeout after 1s
      probe    ✔ log              █                         3ms
      symptom  dark               showing for 10s  value 0.1235
      ladder   sick-1  rung 4 of 4
        read   ✔ sockets
        sample – jstack
        stop   ★ gdb cured it  ▶ strace 6s
      a note of two lines
    "
  `)
  expect(`\n${drawn(viewOf(story), 50, 24).join('\n')}\n`).toMatchInlineSnapshot(`
    "
    run-1  capturing  20s of about 1m  ━━━━━━━━╌╌╌╌╌╌…
      modules  ✔ build  ▶ serve
      probe    ✘ http             ▁█        timeout a…
      probe    ✔ log              █         3ms
      symptom  dark         showing for 10s  value 0.…
      ladder   sick-1  rung 4 of 4
        read   ✔ sockets
        sample – jstack
        stop   ★ gdb cured it  ▶ strace 6s
      a note of two lines
    "
  `)
})

test('it is never wider or higher than the terminal', () => {
  const many = Array.from({ length: 200 }, (_, index): [number, ProgressEvent] => [
    1,
    probe(`東京-${index}`, index < 190),
  ])
  const modules = many.map(([at], index): [number, ProgressEvent] => [
    at,
    { type: 'module', name: `module-${index}`, phase: '1', what: index % 9 === 0 ? 'failed' : 'ended' },
  ])
  const rungs = many.map(([at], index): [number, ProgressEvent] => [at, rung(`collector-${index}`, {})])
  const symptoms = many.map(([at], index): [number, ProgressEvent] => [
    at,
    { type: 'symptom', name: `symptom-${index}`, what: index === 77 ? 'showing' : 'healthy', value: index },
  ])
  const view = viewOf([...story, ...many, ...modules, ...rungs, ...symptoms])
  for (const columns of [20, 39, 79, 139]) {
    for (const rows of [3, 10, 23, 60]) {
      const lines = render(view, 20_000, { columns, rows })
      expect(lines.length).toBeLessThanOrEqual(rows)
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
    }
  }
  const text = drawn(view, 79, 20).join('\n')
  expect(text).toContain('more probes')
  expect(text).toContain('symptom-77')
})

test('a sparkline is relative to its largest value', () => {
  expect(sparkline([0, 1, 2, 4, 8])).toBe('▁▁▂▄█')
  expect(sparkline([])).toBe('')
})

test('the live view writes over itself, and what it drew last stays', () => {
  const written: string[] = []
  const listeners = new Set<() => void>()
  const terminal = {
    columns: 60,
    rows: 12,
    write: (text: string) => written.push(text),
    on: (_: 'resize', listener: () => void) => listeners.add(listener),
    off: (_: 'resize', listener: () => void) => listeners.delete(listener),
  }
  {
    using live = liveProgress(terminal)
    for (const [, event] of story) live.take(event)
    for (const listener of listeners) listener()
    // Narrower by half: each old line now takes up to two.
    terminal.columns = 30
    for (const listener of listeners) listener()
  }
  expect(listeners.size).toBe(0)
  const ups = written.map((text) => Number(/\u001B\[(\d+)A/.exec(text)?.[1] ?? 0))
  expect(ups).toHaveLength(3)
  expect(ups[0]).toBe(0)
  expect(ups[1]).toBeGreaterThan(8)
  expect(written.at(-1)).toContain('run-1')
  expect(written.at(-1)?.endsWith('\u001B[J\u001B[?2026l')).toBe(true)
})

test('plain lines tell what changes; what flaps is counted', () => {
  const lines: string[] = []
  let now = 0
  {
    using plain = plainProgress(
      (line) => lines.push(line),
      () => now,
    )
    for (const [seconds, event] of story) {
      now = seconds * 1000
      plain.take(event)
    }
    for (let second = 20; second < 60; second++) {
      now = second * 1000
      plain.take(probe('http', second % 2 === 0))
    }
  }
  expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
    "
         0s  run run-1 in /runs/run-1, about 1m
         0s  state running
         0s  module build began
         1s  module build ended
         1s  module serve began
         2s  probe http answers in 3ms
         2s  probe log answers in 3ms
         3s  symptom dark healthy
         9s  probe http fails: timeout after 1s
        10s  symptom dark showing (value 0.1235)
        11s  state capturing
        11s  climb sick-1 begins, 4 rungs
        12s  rung sockets (read): ok
        12s  rung jstack (sample): missing
        13s  rung gdb (stop): ok; THE SYMPTOM IS GONE
        14s  a note of two lines
        20s  probe http answers in 3ms
        21s  probe http fails: timeout after 1s
        31s  probe http fails: timeout after 1s (changed 10 times)
        41s  probe http fails: timeout after 1s (changed 10 times)
        51s  probe http fails: timeout after 1s (changed 10 times)
    "
  `)
})
