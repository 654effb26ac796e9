import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openProbe, type OpenProbe } from '../../../../test/harness/attempt.ts'
import log from './index.ts'

let directory = ''
let path = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'))
  path = join(directory, 'app.log')
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Success, matches, and the error without the directory. */
async function look(open: OpenProbe): Promise<[boolean, number | undefined, string | undefined]> {
  const { success, values, error } = await open.attempt()
  return [success, values?.['log_matches'], error?.replace(`${directory}/`, '')]
}

test('new lines that match, and not those that were there before', async () => {
  writeFileSync(path, 'ERROR old\n')
  await using open = await openProbe(log, { path, pattern: 'ERROR' })
  expect(await look(open)).toEqual([true, 0, undefined])
  appendFileSync(path, 'fine\nERROR \x1b[31mone\nfine\nERR')
  expect(await look(open)).toEqual([false, 1, '1 new line matches /ERROR/: ERROR  [31mone'])
  appendFileSync(path, 'OR two\nERROR three\n')
  expect(await look(open)).toEqual([false, 2, '2 new lines match /ERROR/: ERROR three'])
  expect(await look(open)).toEqual([true, 0, undefined])
})

test('a line that must come', async () => {
  writeFileSync(path, '')
  await using open = await openProbe(log, { path, pattern: 'heartbeat', expect: 'match' })
  await open.attempt()
  appendFileSync(path, 'heartbeat 1\n')
  expect(await look(open)).toEqual([true, 1, undefined])
  expect(await look(open)).toEqual([false, 0, 'no new line of app.log matches /heartbeat/'])
})

test('growth and silence', async () => {
  writeFileSync(path, 'x')
  await using growth = await openProbe(log, { path })
  await using silence = await openProbe(log, { path, expect: 'silence' })
  await growth.attempt()
  await silence.attempt()
  appendFileSync(path, '12345')
  expect((await look(growth))[0]).toBe(true)
  expect(await look(silence)).toEqual([false, 0, 'app.log has grown by 5 bytes'])
  expect(await look(growth)).toEqual([false, 0, 'app.log has not grown'])
  expect((await look(silence))[0]).toBe(true)
})

test('rotation by rename: the end of the old file counts, and all of the new one', async () => {
  writeFileSync(path, 'before\n')
  await using open = await openProbe(log, { path, pattern: 'E' })
  await open.attempt()
  appendFileSync(path, 'E1\nE2 without end')
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'E3\n')
  expect((await look(open))[1]).toBe(3)
  appendFileSync(path, 'E4\n')
  expect((await look(open))[1]).toBe(1)
  renameSync(path, `${path}.2`)
  expect(await look(open)).toEqual([false, 0, 'app.log does not exist or cannot be read'])
  writeFileSync(path, 'E5\nE6\n')
  expect((await look(open))[1]).toBe(2)
})

test('rotation by copy, also when the file has grown beyond its old size since', async () => {
  writeFileSync(path, `${'long line before\n'.repeat(10)}`)
  await using open = await openProbe(log, { path, pattern: 'E' })
  await open.attempt()
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  appendFileSync(path, 'E1\n')
  expect((await look(open))[1]).toBe(1)
  truncateSync(path)
  appendFileSync(path, 'E2\n'.repeat(1000))
  expect((await look(open))[1]).toBe(1000)
})

test('a file that is missing', async () => {
  await using strict = await openProbe(log, { path, pattern: 'E' })
  await using lax = await openProbe(log, { path, pattern: 'E', missing: 'ok' })
  expect((await look(strict))[0]).toBe(false)
  expect((await look(lax))[0]).toBe(true)
  writeFileSync(path, 'E first line\n')
  expect((await look(strict))[1]).toBe(1)
  expect((await look(lax))[1]).toBe(1)
})

test('giant lines, binary garbage and many megabytes', async () => {
  writeFileSync(path, '')
  await using open = await openProbe(log, { path, pattern: '^E' })
  await open.attempt()
  appendFileSync(path, `E${'x'.repeat(5 << 20)}`)
  expect((await look(open))[1]).toBe(0)
  appendFileSync(path, Buffer.concat([Buffer.alloc(3 << 20, 0xff), Buffer.from('\nE\0\xfe\n\n')]))
  expect((await look(open))[1]).toBe(2)
  appendFileSync(path, Buffer.alloc(70 << 20, 'noise\n'))
  appendFileSync(path, '\nE last\n')
  const { values } = await open.attempt()
  expect(values).toMatchObject({ log_matches: 1, log_bytes: 64 << 20, log_skipped_bytes: (6 << 20) + 8 })
})

test('what is no file', async () => {
  execFileSync('mkfifo', [path])
  await using fifo = await openProbe(log, { path })
  await fifo.attempt()
  expect((await look(fifo))[0]).toBe(false)
  await using folder = await openProbe(log, { path: directory })
  await folder.attempt()
  expect((await look(folder))[0]).toBe(false)
})

test('properties', () => {
  const accepts = (properties: object): boolean =>
    log.properties.safeParse({ path: 'x', ...properties }).success
  expect(accepts({ expect: 'growth' })).toBe(true)
  expect(accepts({ expect: 'match' })).toBe(false)
  expect(accepts({ expect: 'no-match' })).toBe(false)
  expect(accepts({ pattern: '(' })).toBe(false)
})
