import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runIsolated, type ScriptOptions } from './isolated.ts'

let directory: string
let said: string[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-isolated-test-'))
  said = []
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const options = (signal = new AbortController().signal): ScriptOptions => ({
  what: 'a thing',
  directory,
  args: ['given'],
  signal,
  progress: (sentence) => void said.push(sentence),
})

test('a script works in a tmpfs that goes with it, among its own processes only', async () => {
  const script = `
[ $$ = 1 ]
[ "$(stat -f -c %T "$work")" = tmpfs ]
echo 'I: writing' >&2
echo noise >&2
mkdir "$work/tree"
echo "$2" >"$1/result"`
  await runIsolated(script, options())
  expect(said).toEqual(['writing'])
  expect(await readFile(join(directory, 'result'), 'utf8')).toBe('given\n')
  expect(await readdir(directory)).toEqual(['result'])
})

test('one that fails tells its last lines, and what to type', async () => {
  // The programs that builds use are packages of Debian: here none is to be found.
  await expect(runIsolated('PATH=/nowhere mke2fs', options())).rejects.toMatchObject({
    name: 'EnvironmentError',
    message: expect.stringMatching(/^cannot build a thing: .*mke2fs: not found$/),
    remedy: 'apt-get install -y e2fsprogs',
  })
  expect(await readdir(directory)).toEqual(['work'])
})

test('an abort ends all of it', async () => {
  const controller = new AbortController()
  const reason = new Error('aborted by the test')
  const run = runIsolated('echo "I: begun" >&2; sleep 1000 & sleep 1000', {
    ...options(controller.signal),
    progress: () => controller.abort(reason),
  })
  await expect(run).rejects.toBe(reason)
})
