import { mkdtemp, readFile, readdir, rm, utimes, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cached, contentKey, removeUnused } from './cache.ts'
import { processStat } from '../base/process-tree.ts'
import { lockFile } from './lock.ts'

const { signal } = new AbortController()
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-cache-test-'))
  vi.stubEnv('QUARRY_CACHE', directory)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true, force: true })
})

const make = vi.fn(async (place: string) => {
  await writeFile(join(place, 'content'), 'made')
})

test('a thing is made once', async () => {
  make.mockClear()
  const places = [await cached({ kind: 'things', key: 'a', signal, make })]
  places.push(await cached({ kind: 'things', key: 'a', signal, make }))
  expect(new Set(places).size).toBe(1)
  expect(make).toHaveBeenCalledTimes(1)
  expect(await readFile(join(places[0] ?? '', 'content'), 'utf8')).toBe('made')
})

test('what failed is not there, and is made anew', async () => {
  const failing = async (place: string): Promise<void> => {
    await writeFile(join(place, 'content'), 'half')
    throw new Error('no space')
  }
  await expect(cached({ kind: 'things', key: 'b', signal, make: failing })).rejects.toThrow('no space')
  expect(await readdir(join(directory, 'things'))).toEqual([])
  await cached({ kind: 'things', key: 'b', signal, make })
})

test('what a dead process was at is removed', async () => {
  await mkdir(join(directory, 'things', 'c.making-4194305-1'), { recursive: true })
  await cached({ kind: 'things', key: 'c', signal, make })
  expect(await readdir(join(directory, 'things'))).toEqual(['c'])
})

test('two in one process that want the same get the same', async () => {
  const both = await Promise.all(['d', 'd'].map((key) => cached({ kind: 'things', key, signal, make })))
  expect(both[0]).toBe(both[1])
  expect(await readdir(join(directory, 'things'))).toEqual(['d'])
})

test('a key tells apart what only the borders of its parts tell apart', () => {
  expect(contentKey(['ab', 'c'])).not.toBe(contentKey(['a', 'bc']))
  expect(contentKey(['ab', 'c'])).toMatch(/^[0-9a-f]{16}$/)
})

test('what was not used for long is removed; what was, is locked or is being made stays', async () => {
  const old = new Date(2020, 1, 1)
  for (const key of ['used', 'unused', 'locked']) {
    const place = await cached({ kind: 'things', key, signal, make })
    await utimes(place, old, old)
  }
  await cached({ kind: 'things', key: 'used', signal, make })
  await using _ = await lockFile(join(directory, 'things', 'locked.lock'), signal, () => {})
  // One that another process is at, one of a dead process, and a tree that is being made under the lock of its own.
  const { started } = processStat(process.ppid) ?? { started: '' }
  const alive = `new.making-${process.ppid}-${started}`
  for (const name of [alive, 'old.making-4194305-1', 'tree.making'])
    await mkdir(join(directory, 'things', name))
  await writeFile(join(directory, 'things', 'a file'), '')
  const removed = await removeUnused(new Date(2021, 1, 1))
  expect(removed).toMatchObject([{ kind: 'things', key: 'unused', usedAt: old }])
  expect(removed[0]?.bytes).toBeGreaterThan(0)
  expect((await readdir(join(directory, 'things'))).toSorted()).toEqual([
    'a file',
    'locked',
    'locked.lock',
    alive,
    'tree.making',
    'used',
  ])
})
