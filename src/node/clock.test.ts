import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProcess } from '../base/process.ts'
import { processStat } from '../base/process-tree.ts'
import { resetClock, resetClockScript } from './clock.ts'

const ways: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  here: resetClock,
  'as a script': (path) => runProcess(['sh', '-c', resetClockScript(path)]),
}

test.for(Object.entries(ways))(
  '%s: the clock is back, and only what the dead left is gone',
  async ([, reset]) => {
    const directory = mkdtempSync(join(tmpdir(), `quarry-it's a clock-`))
    // The child of this one has ended, and nobody asks how.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000'])
    const zombie = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()))
    })
    await expect.poll(() => processStat(Number(zombie))?.state).toBe('Z')
    const { pid: dead } = spawnSync('true')
    const shared = (pid: number | string | undefined): string[] =>
      [`sem.faketime_sem_${pid}`, `faketime_shm_${pid}`].map((name) => join('/dev/shm', name))
    const left = [...shared(dead), ...shared(zombie), ...shared(parent.pid)]
    try {
      for (const file of left) writeFileSync(file, '')
      const clock = join(directory, '.clock')
      await reset(clock)
      expect(existsSync(clock)).toBe(false)
      expect(left.filter((file) => existsSync(file))).toEqual(shared(parent.pid))
      writeFileSync(clock, '-36000.000000\n')
      await reset(clock)
      expect(readFileSync(clock, 'utf8')).toBe('+0.000000\n')
    } finally {
      parent.kill('SIGKILL')
      for (const file of left) rmSync(file, { force: true })
      rmSync(directory, { recursive: true })
    }
  },
)
