import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import fio from './index.ts'
import { parseFio } from './parse.ts'

test('reads and writes, tells how fast, and leaves no file', async () => {
  await using run = await runModule(fio, { size: '1m', duration: '1s', rate: 200, jobs: 2 }, { nodes: 2 })
  expect(run.error).toBeUndefined()
  const some = { operations: expect.any(Number), rate: expect.any(Number), p99: expect.any(Number) }
  const node = { error: 0, read: some, write: some }
  expect(run.operations[1]).toMatchObject(['ok', { 'server/0': node, 'server/1': node }])
  expect(parseFio(await run.artifact('it.fio.json'))?.read.operations).toBeGreaterThan(0)
})

test('the end of the phase ends it with what was done so far', async () => {
  const phase = AbortSignal.timeout(1500)
  await using run = await runModule(
    fio,
    { size: '1m', duration: '10m' },
    { lifetime: 'run_to_end_of_phase', endOfPhase: phase },
  )
  expect(run.operations[1]?.[0]).toBe('ok')
})

test('what fio refuses is a failure, with its words', async () => {
  await using run = await runModule(fio, { size: '1', block_size: '1m', duration: '1s' })
  expect(run.operations[1]).toEqual(['fail', expect.stringMatching(/^server\/0: status /)])
})

test('what is no output of fio is nothing', () => {
  expect(parseFio('fio: command not found')).toBeUndefined()
})
