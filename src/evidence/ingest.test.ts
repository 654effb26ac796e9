import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EnvironmentError } from '../base/errors.ts'
import type { Parser } from '../plugin/evidence.ts'
import { ingest } from './ingest.ts'

const { signal } = new AbortController()

let directory: string
let rawFile: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-test-'))
  rawFile = join(directory, 'raw', 'tool', 'output.zst')
})
afterEach(() => rm(directory, { recursive: true }))

const raw = async (): Promise<Buffer> => zstdDecompressSync(await readFile(rawFile))

/** Keeps what it was given, in order. */
function recorder(): Parser & { readonly seen: () => Buffer } {
  const chunks: Uint8Array[] = []
  return {
    push: (chunk) => void chunks.push(Uint8Array.from(chunk)),
    end: () => ({ lines: chunks.length, rows: 0, bad: 0 }),
    seen: () => Buffer.concat(chunks),
  }
}

test('text, bytes and streams reach parser and file unchanged', async () => {
  const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 31) >>> 3))
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 77_777) yield bytes.subarray(at, at + 77_777)
  }
  for (const output of [bytes, stream(), bytes.toString('latin1')]) {
    const parser = recorder()
    await ingest(output, { rawFile, parser, signal })
    const expected = typeof output === 'string' ? Buffer.from(output) : bytes
    expect(parser.seen().equals(expected)).toBe(true)
    expect((await raw()).equals(expected)).toBe(true)
  }
})

test('without a parser lines are counted, also the one that was cut off', async () => {
  expect(await ingest('a\nb\n\nc', { rawFile, signal })).toEqual({ lines: 4, rows: 0, bad: 0 })
  expect(await ingest('', { rawFile, signal })).toEqual({ lines: 0, rows: 0, bad: 0 })
  expect(await raw()).toEqual(Buffer.alloc(0))
})

test('when it is aborted, what came so far is kept and parsed, and the reason is thrown', async () => {
  const controller = new AbortController()
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first\n')
    controller.abort(new Error('the rung took longer than 5m'))
    for (;;) yield Buffer.from('more\n')
  }
  const parser = recorder()
  await expect(ingest(endless(), { rawFile, parser, signal: controller.signal })).rejects.toThrow(
    /longer than 5m/,
  )
  expect((await raw()).toString()).toBe(parser.seen().toString())
  expect(parser.seen().toString()).toMatch(/^first\n/)
})

test('output that is silent is left at once on abort', async () => {
  const controller = new AbortController()
  async function* silent(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('only\n')
    await new Promise(() => {})
  }
  setTimeout(() => controller.abort(new Error('enough')), 20)
  await expect(ingest(silent(), { rawFile, signal: controller.signal })).rejects.toThrow('enough')
  expect((await raw()).toString()).toBe('only\n')
})

test('a tool that breaks off loses nothing of what it wrote', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one\n')
    throw new Error('connection lost')
  }
  await expect(ingest(broken(), { rawFile, signal })).rejects.toThrow('connection lost')
  expect((await raw()).toString()).toBe('one\n')
})

const mount = promisify(execFile)

test.runIf(process.getuid?.() === 0)('a full disk is an EnvironmentError with a remedy', async () => {
  await mount('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', directory])
  try {
    const noise = Buffer.from(Array.from({ length: 2_000_000 }, () => Math.floor(Math.random() * 256)))
    const failure = await ingest(noise, { rawFile, signal }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(EnvironmentError)
    expect(failure).toMatchObject({
      code: 'QUARRY_DISK_ENOSPC',
      remedy: expect.stringContaining('free space') as string,
    })
  } finally {
    await mount('umount', [directory])
  }
})
