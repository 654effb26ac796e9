import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import noop from '../noop/index.ts'
import sleep from './index.ts'

const kinds = (operations: readonly (readonly [string, unknown])[]): string[] =>
  operations.map(([kind]) => kind)

test('it waits, and says for how long', async () => {
  await using run = await runModule(sleep, { duration: '50ms' })
  expect(run.operations).toEqual([
    ['invoke', 50],
    ['ok', undefined],
  ])
})

test('an abort wakes it', async () => {
  const signal = AbortSignal.abort(new Error('aborted by the user'))
  await using run = await runModule(sleep, {}, { signal })
  expect(run.error).toMatchObject({ message: 'aborted by the user' })
  expect(kinds(run.operations)).toEqual(['invoke'])
})

test('the end of its phase wakes it when it is to last for the phase', async () => {
  const endOfPhase = AbortSignal.timeout(50)
  await using run = await runModule(
    sleep,
    { duration: '1h' },
    { lifetime: 'run_to_end_of_phase', endOfPhase },
  )
  expect(kinds(run.operations)).toEqual(['invoke', 'ok'])
})

test('when it lasts for the phase, its operations tell the time also after the process was held up', async () => {
  const end = new AbortController()
  let isHeldUp = false
  const holdUp = (): void => {
    if (isHeldUp) return
    isHeldUp = true
    setTimeout(() => end.abort(), 0)
    const until = performance.now() + 60
    while (performance.now() < until);
  }
  await using run = await runModule(
    sleep,
    { duration: '10ms' },
    { lifetime: 'run_to_end_of_phase', endOfPhase: end.signal, onOperation: holdUp },
  )
  expect(kinds(run.operations).filter((kind) => kind === 'ok').length).toBeGreaterThanOrEqual(6)
})

test('a sleep of no time for a phase does not keep its end from being seen', async () => {
  const endOfPhase = AbortSignal.timeout(20)
  await using run = await runModule(
    sleep,
    { duration: '1ns' },
    { lifetime: 'run_to_end_of_phase', endOfPhase },
  )
  expect(kinds(run.operations).at(-1)).toBe('ok')
})

test('noop succeeds', async () => {
  await using run = await runModule(noop, {})
  expect(kinds(run.operations)).toEqual(['invoke', 'ok'])
})
