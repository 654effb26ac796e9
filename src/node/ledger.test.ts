import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive, processStat } from '../base/process-tree.ts'
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
  const first = join(directory, 'first')
  const second = join(directory, 'second')
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
  const path = join(directory, 'switch')
  writeFileSync(path, '1')
  {
    await using ledger = openLedger(file, 'run-2', failing)
    await ledger.record({ type: 'restore', path, content: '0' })
    await ledger.record({ type: 'restore', path: join(directory, 'never'), content: '0' })
  }
  expect(readFileSync(path, 'utf8')).toBe('0')
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

test('skips torn and foreign lines', () => {
  writeFileSync(
    file,
    '{"run":"run-4","pid":1,"started":"0"}\nnonsense\n{"id":1,"effect":{"type":"path","path":"/nowhere/x"}}\n{"id":2,"eff',
  )
  expect(readLedger(file)?.left).toEqual([{ id: 1, effect: { type: 'path', path: '/nowhere/x' } }])
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
