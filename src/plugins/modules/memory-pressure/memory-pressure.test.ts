import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { descendantsOf } from '../../../base/process-tree.ts'
import { runModule } from '../../../../test/harness/run-module.ts'
import memoryPressure from './index.ts'

const MIB = 2 ** 20

const available = (): number =>
  Number(/^MemAvailable:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024

interface Hog {
  readonly pid: number
  /** Resident. */
  readonly bytes: number
}

/** The processes of this test that take memory. */
const hogs = (): Hog[] =>
  descendantsOf(process.pid).flatMap(({ pid }) => {
    try {
      if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('quarry-hog-')) return []
      return [{ pid, bytes: Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096 }]
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
  await expect.poll(() => hogs().filter(({ bytes }) => bytes >= 64 * MIB).length, { timeout: 30_000 }).toBe(1)
  expect(hogs()).toHaveLength(1)
  phase.abort()
  await using it = await running
  expect(it.operations[1]).toEqual(['info', { taken: [{ node: 'server/0', bytes: 64 * MIB }] }])
  expect(it.operations.at(-1)?.[0]).toBe('ok')
  expect(hogs()).toEqual([])
})

test('when the kernel takes it back, the module says so and does not wait', async () => {
  const properties = { amount: '16M', duration: '1h' }
  await using it = await runModule(memoryPressure, properties, {
    nodes: 1,
    onLog: (line) => {
      if (line.endsWith('bytes')) for (const { pid } of hogs()) process.kill(pid, 'SIGKILL')
    },
  })
  expect(it.error).toMatchObject({
    code: 'QUARRY_MEMORY',
    message: expect.stringContaining('memory ran out'),
  })
})

test('of a reserve that is not there nothing is taken', async () => {
  await using it = await runModule(memoryPressure, { reserve: available() * 2, duration: '1ms' })
  expect(it.operations[1]).toEqual(['info', { taken: [{ node: 'server/0', bytes: 0 }] }])
  expect(() => memoryPressure.properties.parse({ reserve: '1M' })).toThrow('is less than 64M')
  expect(() => memoryPressure.properties.parse({ amount: '1M' })).toThrow('is less than 4M')
})
