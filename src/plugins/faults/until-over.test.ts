import { expect, test } from 'vitest'
import type { Lifetime } from '../../model/definition.ts'
import { untilOver } from './until-over.ts'

const never = new AbortController().signal
const soon = (): AbortSignal => AbortSignal.timeout(50)
const aborted = AbortSignal.abort(new Error('aborted by the user'))
const context = (lifetime: Lifetime, endOfPhase = never, signal = never) => ({ lifetime, endOfPhase, signal })

test('a fault that runs once lasts as long as it says, whatever its phase does', async () => {
  const began = performance.now()
  await untilOver(context('run_once', AbortSignal.abort()), 60)
  // A timer may fire a millisecond early.
  expect(performance.now() - began).toBeGreaterThan(55)
})

test('one that lasts for its phase ends with it, or after its duration when that is shorter', async () => {
  await untilOver(context('run_to_end_of_phase', soon()), undefined)
  await untilOver(context('run_to_end_of_phase', soon()), 3_600_000)
  await untilOver(context('run_to_end_of_phase'), 10)
})

test('one that breaks off by itself ends with what it tells', async () => {
  const broken = Promise.reject(new Error('the kernel ended it'))
  for (const lifetime of ['run_once', 'run_to_end_of_phase'] as const) {
    await expect(untilOver(context(lifetime), 3_600_000, [broken])).rejects.toThrow('the kernel ended it')
  }
})

test('an abort ends both, with its reason', async () => {
  for (const lifetime of ['run_once', 'run_to_end_of_phase'] as const) {
    for (const duration of [undefined, 3_600_000]) {
      await expect(untilOver(context(lifetime, never, aborted), duration)).rejects.toThrow(
        'aborted by the user',
      )
    }
  }
})
