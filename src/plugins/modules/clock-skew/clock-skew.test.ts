import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { undo } from '../../../node/effects.ts'
import { localNode } from '../../../node/local.ts'
import { runModule } from '../../../../test/harness/run-module.ts'
import { clockEnvironment, clockFile, moveClock } from '../../faults/movable-clock.ts'
import clockSkew from './index.ts'

test('a process that goes on sees its time of day move, but no monotonic clock', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'quarry-clock-'))
  const node = localNode({ run: `clock-${process.pid}`, group: 'server', ordinal: 0, scratch })
  const shared = (): string[] => readdirSync('/dev/shm').filter((name) => name.includes('faketime'))
  const before = shared()
  try {
    await moveClock(node, 0)
    // One process, which says what both clocks have whenever it is asked.
    const script = `import sys, time
for line in sys.stdin:
    print(time.time(), time.monotonic(), flush=True)`
    await using clock = pythonOn(script, clockEnvironment(node))
    const [day, uptime] = await clock.ask()
    expect(Math.abs(day - Date.now() / 1000)).toBeLessThan(600)
    await moveClock(node, -3_600_000)
    await expect
      .poll(async () => (await clock.ask())[0] - Date.now() / 1000, { timeout: 20_000 })
      .toBeLessThan(-3000)
    const [, later] = await clock.ask()
    expect(later).toBeGreaterThan(uptime)
    expect(later - uptime).toBeLessThan(600)
    await moveClock(node, 0)
    await expect
      .poll(async () => Math.abs((await clock.ask())[0] - Date.now() / 1000), { timeout: 20_000 })
      .toBeLessThan(600)
  } finally {
    await undo({ type: 'clock', path: clockFile(node) }, 'clock')
    rmSync(scratch, { recursive: true })
  }
  expect(shared().filter((name) => !before.includes(name))).toEqual([])
})

test('a node whose processes have no such clock is refused', async () => {
  await using it = await runModule(clockSkew, { offset: '-1h', duration: '1ms' })
  expect(it.error).toMatchObject({
    code: 'QUARRY_NO_CLOCK',
    remedy: expect.stringContaining('movable_clock: true'),
  })
})

test('offsets', () => {
  const offset = (text: string): unknown => clockSkew.properties.parse({ offset: text })
  expect(offset('-1h')).toMatchObject({ offset: -3_600_000 })
  expect(offset('+ 30 s')).toMatchObject({ offset: 30_000 })
  expect(() => offset('yesterday')).toThrow('is not an offset')
})

function pythonOn(script: string, env: Readonly<Record<string, string>>) {
  const child = spawn('python3', ['-c', script], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    ask: async (): Promise<[day: number, uptime: number]> => {
      child.stdin.write('?\n')
      const { value } = await lines.next()
      const [day = 0, uptime = 0] = String(value).split(' ').map(Number)
      return [day, uptime]
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}
