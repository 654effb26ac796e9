import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFile, tryLock } from './lock.ts'

const { signal } = new AbortController()
let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-lock-test-'))
  path = join(directory, 'tree.lock')
})
afterEach(() => rm(directory, { recursive: true }))

test('one at a time has it, the next one after that', async () => {
  const first = await lockFile(path, signal, () => {})
  expect(await tryLock(path)).toBeUndefined()
  const waited: number[] = []
  const second = lockFile(path, signal, (pid) => {
    waited.push(pid)
    void first[Symbol.asyncDispose]()
  })
  await using _lock = await second
  expect(waited).toEqual([process.pid])
})

test('the lock of a dead process goes to one of those that want it', async () => {
  await writeFile(path, '4194305 1\n')
  const all = await Promise.all(Array.from({ length: 20 }, () => tryLock(path)))
  expect(all.filter((lock) => lock !== undefined).length).toBeLessThanOrEqual(1)
  for (const lock of all) await lock?.[Symbol.asyncDispose]()
  await using _lock = await lockFile(path, signal, () => {})
  expect(await readdir(directory)).toEqual(['tree.lock'])
})

test('waiting ends with the signal', async () => {
  await using _lock = await lockFile(path, signal, () => {})
  const controller = new AbortController()
  const waiting = lockFile(path, controller.signal, () => controller.abort(new Error('enough')))
  await expect(waiting).rejects.toThrow('enough')
  expect(existsSync(path)).toBe(true)
})
