import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import stress from './index.ts'

test('keeps a node busy for its time, and tells how much was done', async () => {
  await using run = await runModule(stress, {
    cpu: 1,
    cpu_load: 20,
    memory: 1,
    memory_size: '8m',
    disk: 1,
    disk_size: '1m',
    duration: '1s',
  })
  expect(run.error).toBeUndefined()
  const some = expect.any(Number)
  expect(run.operations[1]).toEqual(['ok', { 'server/0': { cpu: some, vm: some, hdd: some } }])
})

test('the end of the phase ends it', async () => {
  await using run = await runModule(
    stress,
    { switches: 1, duration: '10m' },
    { lifetime: 'run_to_end_of_phase', endOfPhase: AbortSignal.timeout(1000) },
  )
  expect(run.operations[1]?.[0]).toBe('ok')
})

test('an abort ends it at once', async () => {
  await using run = await runModule(stress, { cpu: 1, duration: '10m' }, { signal: AbortSignal.timeout(500) })
  expect(run.error).toBeInstanceOf(Error)
})
