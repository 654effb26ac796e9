import { spawn } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive, processStat } from '../base/process-tree.ts'
import type { Effect } from '../plugin/undo.ts'
import { openLedger, readLedger, settleLedger } from './ledger.ts'

let directory = ''
let file = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quarry-ledger-'))
  file = join(directory, 'undo.jsonl')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const failing = (sentence: string): never => {
  throw new Error(sentence)
}

test('undoes an effect when it is disposed, and what is left when the ledger is', async () => {
  const first = `${directory}-first`
  const second = `${directory}-second`
  {
    await using ledger = openLedger(file, 'run-1', failing)
    {
      await using _effect = await ledger.record({ type: 'path', path: first })
      await mkdir(first)
    }
    expect(existsSync(first)).toBe(false)
    await ledger.record({ type: 'path', path: second })
    await mkdir(second)
    expect(readLedger(file)?.left).toEqual([{ id: 2, effect: { type: 'path', path: second } }])
  }
  expect(existsSync(second)).toBe(false)
  expect(readLedger(file)).toMatchObject({ run: 'run-1', alive: true, left: [] })
})

test('writes back a value, and passes over one whose file is gone', async () => {
  const path = '/proc/sys/kernel/printk_ratelimit_burst'
  const before = readFileSync(path, 'utf8')
  {
    await using ledger = openLedger(file, 'run-2', failing)
    await ledger.record({ type: 'restore', path, content: before })
    await ledger.record({ type: 'restore', path: '/proc/sys/kernel/never', content: '0' })
    writeFileSync(path, String(Number(before) + 1))
  }
  expect(readFileSync(path, 'utf8')).toBe(before)
})

test('removes what fills a disk, and passes over one that is gone', async () => {
  const path = join(directory, '.quarry-fill-0123456789abcdef')
  {
    await using ledger = openLedger(file, 'run-2', failing)
    await ledger.record({ type: 'filler', path })
    await ledger.record({ type: 'filler', path: `${directory}/gone/.quarry-fill-0123456789abcdef` })
    writeFileSync(path, 'x'.repeat(5000))
  }
  expect(existsSync(path)).toBe(false)
})

test('refuses what no run can have recorded', async () => {
  const kept = join(directory, 'kept')
  writeFileSync(kept, 'as it was')
  const effects: Effect[] = [
    { type: 'path', path: directory.replace(/quarry-/, 'other-') },
    { type: 'path', path: kept },
    { type: 'path', path: `${tmpdir()}/quarry-x/../${basename(directory)}/kept` },
    { type: 'restore', path: kept, content: 'changed' },
    { type: 'processes', run: 'another-run' },
    { type: 'processes', run: 'run-6', cgroup: '/sys/fs/cgroup/quarry-run-6/..' },
    { type: 'processes', run: 'run-6', cgroup: '/sys/fs/cgroup/unified' },
    { type: 'link', name: 'eth0' },
    { type: 'link', name: 'quarry-01234567' },
    { type: 'filler', path: kept },
    { type: 'filler', path: `${directory}/.quarry-fill-0123456789abcdef/../kept` },
    { type: 'clock', path: kept },
    { type: 'clock', path: '/root/.clock' },
    { type: 'clock', path: join(directory, '..', '.clock') },
    { type: 'control-group', path: '/sys/fs/cgroup/quarry-run-6', from: '/sys/fs/cgroup' },
    { type: 'control-group', path: '/sys/fs/cgroup/quarry-io-0123456789abcdef', from: '/tmp' },
  ]
  const left = effects.map((effect, id) => ({ id, effect }))
  const sentences = await settleLedger(file, { run: 'run-6', alive: false, left })
  expect(sentences).toHaveLength(effects.length)
  for (const sentence of sentences) expect(sentence).toContain('no effect of this run')
  expect(readFileSync(kept, 'utf8')).toBe('as it was')
})

test('does not touch what turned out not to be its own', async () => {
  const theirs = `${directory}-theirs`
  await mkdir(theirs)
  try {
    await using ledger = openLedger(file, 'run-7', failing)
    const recorded = await ledger.record({ type: 'path', path: theirs })
    recorded.forget()
    expect(readLedger(file)?.left).toEqual([])
  } finally {
    expect(existsSync(theirs)).toBe(true)
    rmSync(theirs, { recursive: true })
  }
})

test('ends every process that carries the mark of the run, also one that left its session', async () => {
  const run = `ledger-test-${process.pid}`
  const env = { ...process.env, QUARRY_RUN: run }
  const child = spawn('setsid', ['sh', '-c', 'sleep 1000 & sleep 1000'], {
    env,
    detached: true,
    stdio: 'ignore',
  })
  const other = spawn('sleep', ['1000'], { stdio: 'ignore' })
  const identity = { pid: child.pid ?? 0, started: processStat(child.pid ?? 0)?.started ?? '' }
  try {
    await using ledger = openLedger(file, run, failing)
    await ledger.record({ type: 'processes', run })
  } finally {
    expect(isAlive(identity)).toBe(false)
    expect(other.kill()).toBe(true)
  }
})

test('continues a process that was stopped, unless its pid names another one by now', async () => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
  const pid = child.pid ?? 0
  const started = processStat(pid)?.started ?? ''
  try {
    process.kill(pid, 'SIGSTOP')
    appendFileSync(file, `{"run":"run-3","pid":1,"started":"0"}\n`)
    appendFileSync(file, `{"id":1,"effect":{"type":"stopped","pid":${pid},"started":"1"}}\n`)
    const state = readLedger(file) ?? failing('no ledger')
    expect(state.alive).toBe(false)
    await settleLedger(file, state)
    await expect.poll(() => processStat(pid)?.state).toBe('T')
    appendFileSync(file, `{"id":2,"effect":{"type":"stopped","pid":${pid},"started":"${started}"}}\n`)
    expect(await settleLedger(file, readLedger(file) ?? failing('no ledger'))).toEqual([
      `undid stopped process ${pid}`,
    ])
    await expect.poll(() => processStat(pid)?.state).toBe('S')
  } finally {
    child.kill('SIGKILL')
  }
})

test('ends processes before it removes what they write into', async () => {
  const run = `ledger-order-${process.pid}`
  const path = `${directory}-busy`
  const writer = 'i=0; while mkdir -p "$1" && : > "$1/$i"; do i=$((i+1)); done'
  {
    await using ledger = openLedger(file, run, failing)
    await ledger.record({ type: 'processes', run })
    const recorded = await ledger.record({ type: 'path', path })
    const env = { ...process.env, QUARRY_RUN: run }
    spawn('sh', ['-c', writer, 'sh', path], { env, stdio: 'ignore' })
    await expect.poll(() => existsSync(join(path, '9'))).toBe(true)
    await recorded[Symbol.asyncDispose]()
    expect(existsSync(path)).toBe(false)
  }
  expect(existsSync(path)).toBe(false)
})

test('skips torn, foreign and malformed lines', () => {
  writeFileSync(
    file,
    '{"run":"run-4","pid":1,"started":"0"}\nnonsense\n{"id":1}\nnull\n{"id":3,"effect":{"type":"other"}}\n' +
      '{"id":1,"effect":{"type":"path","path":"/nowhere/x"}}\n{"id":2,"eff',
  )
  expect(readLedger(file)?.left).toEqual([{ id: 1, effect: { type: 'path', path: '/nowhere/x' } }])
})

test('another boot of this machine ended the run; another machine or container may still run it', async () => {
  await using _ledger = openLedger(file, 'run-8', failing)
  const text = readFileSync(file, 'utf8')
  const owner = JSON.parse(text) as Record<string, unknown>
  const alivenessWith = (changed: Record<string, unknown>): unknown => {
    writeFileSync(file, JSON.stringify({ ...owner, ...changed }))
    return readLedger(file)
  }
  expect(alivenessWith({})).toMatchObject({ alive: true })
  expect(alivenessWith({ boot: 'other' })).toMatchObject({ alive: false })
  expect(alivenessWith({ boot: 'other', host: 'other' })).toMatchObject({
    alive: true,
    reason: expect.stringContaining('host other'),
  })
  expect(alivenessWith({ pid: 1, started: '0', pidNamespace: 'pid:[1]' })).toMatchObject({
    alive: true,
    reason: expect.stringContaining('container'),
  })
  expect(alivenessWith({ pid: 1, started: '0' })).toMatchObject({ alive: false })
})

test('does not obey a ledger that somebody else may have written', () => {
  writeFileSync(file, '{"run":"run-9","pid":1,"started":"0"}\n')
  const link = join(directory, 'link')
  symlinkSync(file, link)
  expect(() => readLedger(link)).toThrow('ELOOP')
  chownSync(file, 65_534, 65_534)
  expect(() => readLedger(file)).toThrow('not obeyed')
  chownSync(file, 0, 0)
  chownSync(directory, 65_534, 65_534)
  expect(() => readLedger(file)).toThrow('not obeyed')
})

test('says what could not be undone, and keeps it', async () => {
  const sentences: string[] = []
  {
    await using ledger = openLedger(file, 'run-5', (sentence) => sentences.push(sentence))
    // A directory is no trace instance: rmdir refuses it while it holds something.
    await mkdir(join(directory, 'full', 'inner'), { recursive: true })
    await ledger.record({ type: 'tracefs-instance', path: join(directory, 'full') })
  }
  expect(sentences).toEqual([expect.stringContaining('could not undo trace instance')])
  expect(readLedger(file)?.left).toHaveLength(1)
})
