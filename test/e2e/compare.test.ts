/** Two sides held against each other by the real command: a difference that is there is found, and none that is not. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunResult } from '../../src/model/run.ts'
import { jsonOf, workplace } from '../harness/quarry.ts'
import type { Workplace } from '../harness/quarry.ts'

/** Waits, and from the signal on takes a processor for itself. */
const program = `
process.title = 'cpuhog'
process.on('SIGUSR2', () => { for (;;); })
setInterval(() => undefined, 1000)
console.log('ready')`

let place: Workplace
let quiet = ''
let busy = ''

/** `quarry capture` of one process: the id of its run. */
async function capture(pid: number): Promise<string> {
  const words = ['--pid', String(pid), '--window', '10s', '--only', 'perf-on-cpu']
  return jsonOf<RunResult>(await place.quarry('capture', ...words, '--json')).run
}

async function compare(sick: string, healthy: string) {
  const ended = await place.quarry('compare', sick, healthy, '--json')
  return { exitCode: ended.exitCode, result: jsonOf<RunResult>(ended) }
}

beforeAll(async () => {
  place = workplace()
  const hog = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await once(hog.stdout, 'data')
    quiet = await capture(hog.pid ?? 0)
    hog.kill('SIGUSR2')
    busy = await capture(hog.pid ?? 0)
  } finally {
    hog.kill('SIGKILL')
  }
}, 60_000)
afterAll(() => place[Symbol.dispose]())

test('what takes a processor on the one side only is found', async () => {
  const { result, exitCode } = await compare(busy, quiet)
  const sure = result.findings.filter(({ confident }) => confident)
  expect(sure.filter(({ subject }) => subject.comm === 'cpuhog')).not.toEqual([])
  expect(result.answer).toContain('cpuhog')
  expect(result.verdict).toBe('fail')
  expect(exitCode).toBe(1)
}, 30_000)

test('a run does not differ from itself', async () => {
  const { result, exitCode } = await compare(busy, busy)
  expect(result.findings.filter(({ confident }) => confident)).toEqual([])
  expect(result.verdict).toBe('pass')
  expect(exitCode).toBe(0)
}, 30_000)

test('a window beyond the run is refused, and leaves no run', async () => {
  const before = readdirSync(place.runs)
  const ended = await place.quarry('compare', `${busy}~900s..950s`, `${busy}~960s..970s`)
  expect(ended.stderr).toContain(`run ${busy} was over before`)
  expect(ended.exitCode).toBe(64)
  expect(readdirSync(place.runs)).toEqual(before)
}, 30_000)
