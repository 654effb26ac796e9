/** The example stuck-timer, with a kernel that is built for it when there is none: a tree of timers that is out of order. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const example = new URL('../../examples/stuck-timer.yaml', import.meta.url).pathname

interface Row {
  readonly position: number
  readonly expires: number
}

test('the tree of timers is out of order, as the kernel itself printed it', async () => {
  const { result, exitCode } = await place.run(example)
  expect(exitCode).toBe(1)
  expect(result.symptoms.map(({ name }) => name)).toContain('timers-unordered')
  expect(result.answer).toMatch(/The timer queue of CPU \d is not in order: \w+ stands behind \w+/)
  const finding = result.findings.find(
    ({ kind, subject }) => kind === 'invariant' && subject.timer !== undefined,
  )
  expect(finding).toMatchObject({ confident: true, layer: 'kernel' })
  // The printed tree is there to be looked at, and a later place does expire earlier.
  const question = `SELECT position, expires_ns::DOUBLE AS expires FROM timers
    WHERE now_ns IS NULL AND position IS NOT NULL ORDER BY ts, position LIMIT 1000`
  const rows = jsonOf<Row[]>(await place.quarry('sql', result.run, question, '--json'))
  expect(
    rows.some(
      ({ position, expires }, i) =>
        position > 0 && expires < (rows[i - 1]?.expires ?? Number.NEGATIVE_INFINITY),
    ),
  ).toBe(true)
})

// Seen in two of three runs.
test('threads are lost until the pool halts, and a stop brings them back', async () => {
  for (let attempt = 1; ; attempt++) {
    const { result, exitCode } = await place.run(example)
    expect(exitCode).toBe(1)
    const halt = result.symptoms.find(({ name }) => name === 'halt')
    if (halt === undefined && attempt < 5) continue
    expect(halt).toMatchObject({ curedBy: 'sigstop' })
    const sure = result.findings.filter(({ confident }) => confident)
    const overdue = sure.find(({ kind, subject }) => kind === 'overdue' && subject.call === 'futex')
    expect(overdue?.statement).toMatch(/^Thread \d+ of parkload sleeps in futex .* past its deadline/)
    const cure = sure.find(({ kind }) => kind === 'intervention')
    expect(cure?.subject.collector).toBe('sigstop')
    expect(result.answer).toMatch(/This is a timer that did not fire/)
    return
  }
})

test('the same kernel with the feature off passes', async () => {
  const { result, exitCode } = await place.run(example, '-p', 'hrtick=false', '-p', 'seconds=20')
  expect([result.verdict, exitCode]).toEqual(['pass', 0])
  expect(result.symptoms).toEqual([])
})
