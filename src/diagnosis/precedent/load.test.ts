import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { loadPrecedents, precedentDirectories } from './load.ts'
import { compareVersions } from './version.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-precedents-'))
})
afterEach(() => rm(directory, { recursive: true }))

const VALID = `
id: our-case
title: ours
class: leak
when: {findings: [{kind: trend, subject: {metric: rss}}]}
says: It grew.
advice: Restart it.
`

test('those that come with Quarry are valid and have their own ids', async () => {
  const own = await loadPrecedents(precedentDirectories({ XDG_CONFIG_HOME: directory }))
  expect(own.length).toBeGreaterThan(3)
  expect(new Set(own.map(({ id }) => id)).size).toBe(own.length)
})

test("a user's directory adds to them, and replaces by id", async () => {
  await writeFile(join(directory, 'a.yaml'), VALID)
  await writeFile(join(directory, 'b.yml'), VALID.replace('title: ours', 'title: ours again'))
  await writeFile(join(directory, 'notes.txt'), 'not a precedent')
  const directories = precedentDirectories({ XDG_CONFIG_HOME: '/nowhere', QUARRY_PRECEDENTS: directory })
  const found = (await loadPrecedents(directories)).filter(({ id }) => id === 'our-case')
  expect(found.map(({ title }) => title)).toEqual(['ours again'])
})

test('every problem of every file is told at once', async () => {
  await writeFile(join(directory, 'a.yaml'), VALID.replace('rss', '"("').replace('class: leak', ''))
  await writeFile(join(directory, 'b.yaml'), 'id: [unfinished')
  await writeFile(join(directory, 'c.yaml'), 'x'.repeat(100_000))
  const error = await loadPrecedents([directory]).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  const problems = error instanceof UserError ? error.problems : []
  expect(new Set(problems.map(({ file }) => file)).size).toBe(3)
  expect(problems.map(({ message }) => message).join('\n')).toMatch(/metric: is not a regular expression/)
})

test('a directory that does not exist has none', async () =>
  expect(await loadPrecedents([join(directory, 'absent')])).toEqual([]))

test('versions compare by as many numbers as the bound has', () => {
  expect(compareVersions('5.4.0-azure-1095', '5.4')).toBe(0)
  expect(compareVersions('5.12.1', '5.12')).toBe(0)
  expect(compareVersions('5.4.0', '5.12')).toBeLessThan(0)
  expect(compareVersions('6.1.0-18-cloud-amd64', '5.12')).toBeGreaterThan(0)
})
