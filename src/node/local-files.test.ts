import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { localFiles } from './local-files.ts'

const directory = mkdtempSync(join(tmpdir(), 'local-files-'))
const files = localFiles()
afterAll(() => {
  files[Symbol.dispose]()
  rmSync(directory, { recursive: true })
})

test('procfs files are read anew every time', () => {
  const random = (): string | undefined => files.text('/proc/sys/kernel/random/uuid')
  expect(random()).toMatch(/^[0-9a-f-]{36}\n$/)
  expect(random()).not.toBe(random())
})

test('a sequence file longer than a page and a file longer than the buffer are read to their end', () => {
  expect(files.text('/proc/kallsyms')?.endsWith('\n')).toBe(true)
  const path = join(directory, 'long')
  const text = `${'x'.repeat(300_000)}é`
  writeFileSync(path, text)
  expect(files.text(path)).toBe(text)
})

test('a file that was replaced is read as it is now', () => {
  const path = join(directory, 'replaced')
  writeFileSync(path, 'old')
  expect(files.text(path)).toBe('old')
  rmSync(path)
  expect(files.text(path)).toBeUndefined()
  writeFileSync(path, 'new')
  expect(files.text(path)).toBe('new')
})

test('what is absent, a directory or not text gives no exception', () => {
  expect(files.text('/proc/self/absent')).toBeUndefined()
  expect(files.text('/proc')).toBeUndefined()
  expect(files.list('/absent')).toEqual([])
  expect(files.link('/absent')).toBeUndefined()
  expect(files.count('/absent')).toBeUndefined()
  expect(files.count('/proc/999999999/fd')).toBeUndefined()
  expect(files.space?.('/absent')).toBeUndefined()
  expect(files.part?.('/absent', 0, 10)).toBeUndefined()
  const binary = join(directory, 'binary')
  writeFileSync(binary, Uint8Array.of(0x66, 0xff, 0, 0x67))
  expect(files.text(binary)).toBe('f\ufffd\0g')
})

test('a process that ended has no files left, also those that were open', async () => {
  const child = spawn('sleep', ['100'])
  const path = `/proc/${child.pid}/stat`
  expect(files.text(path)).toContain('(sleep)')
  child.kill()
  await once(child, 'exit')
  expect(files.text(path)).toBeUndefined()
  expect(files.text(path)).toBeUndefined()
})

test('descriptors are counted, of directories the entries', () => {
  const held = readdirSync('/proc/self/fd').length
  expect(Math.abs((files.count('/proc/self/fd') ?? 0) - held)).toBeLessThanOrEqual(2)
  const path = join(directory, 'three')
  mkdirSync(path)
  for (const name of ['a', 'b', 'c']) writeFileSync(join(path, name), '')
  expect(files.count(path)).toBe(3)
  expect([...files.list(path)].sort()).toEqual(['a', 'b', 'c'])
  symlinkSync('/elsewhere', join(directory, 'link'))
  expect(files.link(join(directory, 'link'))).toBe('/elsewhere')
})

test('disposing closes what was kept open', () => {
  const view = localFiles()
  const before = readdirSync('/proc/self/fd').length
  for (const name of ['stat', 'io', 'status', 'limits']) view.text(`/proc/self/${name}`)
  expect(readdirSync('/proc/self/fd').length).toBe(before + 4)
  view[Symbol.dispose]()
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})

test('parts of a growing file', () => {
  const path = join(directory, 'log')
  writeFileSync(path, 'one\n')
  const first = files.part?.(path, 0, 100)
  expect(first?.size).toBe(4)
  appendFileSync(path, 'two\n')
  const next = files.part?.(path, 4, 2)
  expect(Buffer.from(next?.bytes ?? []).toString()).toBe('tw')
  expect(next?.inode).toBe(first?.inode)
  expect(files.part?.(path, 100, 10)?.bytes.length).toBe(0)
})

test('space of a file system', () => {
  const space = files.space?.('/')
  expect(space?.sizeBytes).toBeGreaterThan(space?.freeBytes ?? Infinity)
  expect(space?.freeBytes).toBeGreaterThanOrEqual(space?.availableBytes ?? Infinity)
})

test('memory of a process is read as it is, and what is not mapped is undefined', () => {
  const [, range = ''] = /^(\S+) .*\[stack\]$/m.exec(files.text(`/proc/${process.pid}/maps`) ?? '') ?? []
  const end = BigInt(`0x${range.split('-')[1]}`)
  expect(files.memory?.(process.pid, end - 16n, 8)).toHaveLength(8)
  expect(files.memory?.(process.pid, 0n, 8)).toBeUndefined()
  expect(files.memory?.(2 ** 30, 0n, 8)).toBeUndefined()
})
