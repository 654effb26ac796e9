import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { allProcesses } from '../../../base/process-tree.ts'
import { runModule } from '../../../../test/harness/run-module.ts'
import memoryPressure from './index.ts'

const MIB = 2 ** 20

const available = (): number =>
  Number(/^MemAvailable:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024

/** Resident bytes of each process that takes memory. */
const hogs = (): number[] =>
  allProcesses().flatMap(({ pid }) => {
    try {
      if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('quarry-hog-')) return []
      return [Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096]
    } catch {
      return []
    }
  })

test('the amount is taken, once for each host, and given back at the end', async () => {
  const phase = new AbortController()
  const running = runModule(
    memoryPressure,
    { amount: '64M' },
    { nodes: 2, lifetime: 'run_to_end_of_phase', endOfPhase: phase.signal },
  )
  await expect.poll(() => hogs().filter((bytes) => bytes >= 64 * MIB).length, { timeout: 30_000 }).toBe(1)
  expect(hogs()).toHaveLength(1)
  phase.abort()
  await using it = await running
  expect(it.operations[1]).toEqual(['info', { taken: [{ node: 'server/0', bytes: 64 * MIB }] }])
  expect(it.operations.at(-1)?.[0]).toBe('ok')
  expect(hogs()).toEqual([])
})

test('of a reserve that is not there nothing is taken', async () => {
  await using it = await runModule(memoryPressure, { reserve: available() * 2, duration: '1ms' })
  expect(it.operations[1]).toEqual(['info', { taken: [{ node: 'server/0', bytes: 0 }] }])
  expect(() => memoryPressure.properties.parse({ reserve: '1M' })).toThrow('is less than 64M')
})
