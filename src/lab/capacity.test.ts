import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile, mkdir } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { processStat } from '../base/process-tree.ts'
import { takeRoom } from './capacity.ts'

const { signal } = new AbortController()
const small = { memoryMiB: 64, cpus: 1 }
const whole = { memoryMiB: 64, cpus: availableParallelism() * 4 }
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-room-test-'))
  vi.stubEnv('QUARRY_CACHE', directory)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true, force: true })
})

/** Another process that has all processors. */
async function other(): Promise<{ end(): Promise<void> }> {
  const child = spawn('sleep', ['1000'])
  await once(child, 'spawn')
  await mkdir(join(directory, 'guests'), { recursive: true })
  const claim = { pid: child.pid, started: processStat(child.pid ?? 0)?.started, atNs: '1', ...whole }
  await writeFile(join(directory, 'guests', 'other'), JSON.stringify(claim))
  return {
    end: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}

test('whoever comes later waits until there is room, and says for what', async () => {
  const before = await other()
  const said: string[] = []
  const waiting = takeRoom([small], (sentence) => said.push(sentence), signal)
  await vi.waitFor(() => expect(said).toEqual([expect.stringMatching(/^waits for room: .* processors$/)]))
  await before.end()
  await using _room = await waiting
  expect(await readdir(join(directory, 'guests'))).toHaveLength(1)
})

test('one that stops waiting leaves no claim', async () => {
  const before = await other()
  const aborted = new AbortController()
  const waiting = takeRoom([small], () => aborted.abort(new Error('Ctrl-C')), aborted.signal)
  await expect(waiting).rejects.toThrow('Ctrl-C')
  expect(await readdir(join(directory, 'guests'))).toEqual(['other'])
  await before.end()
})

test('several groups of one run do not wait for each other', async () => {
  await using _first = await takeRoom([whole], () => {}, signal)
  await using _second = await takeRoom([whole], () => {}, signal)
  expect(await readdir(join(directory, 'guests'))).toHaveLength(2)
})

test('what a host never has is refused', async () => {
  await expect(takeRoom([{ memoryMiB: 1e9, cpus: 1 }], () => {}, signal)).rejects.toThrow(
    /this host has \d+ MiB/,
  )
})
