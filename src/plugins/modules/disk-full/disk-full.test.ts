import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import diskFull from './index.ts'

/** A file system of 16 MiB, unmounted on disposal. */
function small(type: 'tmpfs' | 'ext4'): { readonly path: string } & Disposable {
  const directory = mkdtempSync(join(tmpdir(), 'quarry-disk-'))
  const path = join(directory, 'mount')
  const image = join(directory, 'image')
  execFileSync('mkdir', [path])
  if (type === 'tmpfs') execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'quarry-test', path])
  else {
    execFileSync('truncate', ['-s', '16M', image])
    execFileSync('mkfs.ext4', ['-q', image])
    execFileSync('mount', ['-o', 'loop', image, path])
  }
  return {
    path,
    [Symbol.dispose]: () => {
      execFileSync('umount', [path])
      rmSync(directory, { recursive: true })
    },
  }
}

const free = (path: string): number => statfsSync(path).bfree * statfsSync(path).bsize
const fillers = (path: string): string[] =>
  readdirSync(path).filter((name) => name.startsWith('.quarry-fill'))

test.for(['tmpfs', 'ext4'] as const)('%s is full, also for root, and has its space back', async (type) => {
  using disk = small(type)
  const before = free(disk.path)
  const phase = new AbortController()
  const running = runModule(
    diskFull,
    { directory: disk.path },
    { nodes: 2, lifetime: 'run_to_end_of_phase', endOfPhase: phase.signal },
  )
  // ext4 counts as free what it keeps for its own books.
  await expect.poll(() => free(disk.path)).toBeLessThan(1 << 20)
  expect(fillers(disk.path)).toHaveLength(1)
  expect(() => writeFileSync(join(disk.path, 'one'), Buffer.alloc(1 << 20))).toThrow('ENOSPC')
  rmSync(join(disk.path, 'one'), { force: true })
  phase.abort()
  await using it = await running
  expect(it.error).toBeUndefined()
  expect(it.operations.map(([kind]) => kind)).toEqual(['invoke', 'ok'])
  expect(fillers(disk.path)).toEqual([])
  expect(free(disk.path)).toBe(before)
})

test('a rest is left; an abort frees the space', async () => {
  using disk = small('tmpfs')
  const abort = new AbortController()
  const running = runModule(
    diskFull,
    { directory: disk.path, leave: '4M', duration: '1h' },
    { signal: abort.signal },
  )
  await expect.poll(() => free(disk.path)).toBe(4 << 20)
  abort.abort(new Error('aborted by the user'))
  await using it = await running
  expect(String(it.error)).toContain('aborted by the user')
  expect(fillers(disk.path)).toEqual([])
})

test('one that has no more than is to be left is refused', async () => {
  using disk = small('tmpfs')
  await using it = await runModule(diskFull, { directory: disk.path, leave: '32M', duration: '1ms' })
  expect(String(it.error)).toContain(`: no more than ${16 << 20} bytes are free`)
  expect(fillers(disk.path)).toEqual([])
})

test('the file system of / is refused, and so is what is not there', async () => {
  await using root = await runModule(diskFull, { directory: '/usr', duration: '1ms' })
  expect(root.error).toMatchObject({
    message: '/usr of server/0 is on the file system of /, which is not filled',
    remedy: expect.stringContaining('allow_root: true'),
  })
  await using nowhere = await runModule(diskFull, { directory: '/nowhere/at/all', duration: '1ms' })
  expect(String(nowhere.error)).toContain('server/0 has no directory /nowhere/at/all')
})
