import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bodyOf, patchedFiles, touchedBy } from './patches.ts'

const { signal } = new AbortController()
let directory: string
let source: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-patches-test-'))
  source = join(directory, 'source')
  await mkdir(join(source, 'kernel'), { recursive: true })
  await writeFile(join(source, 'kernel/timer.c'), 'one\ntwo\nthree\n')
  await writeFile(join(source, 'kernel/old.c'), 'gone\n')
})
afterEach(() => rm(directory, { recursive: true }))

const change = (from: string, to: string): { path: string; text: string } => ({
  path: '/patches/change.patch',
  text: `Why.\n---\n--- a/kernel/timer.c\n+++ b/kernel/timer.c\n@@ -1,3 +1,3 @@\n one\n-${from}\n+${to}\n three\n`,
})
const addAndRemove = {
  path: '/patches/files.patch',
  text: `--- /dev/null\n+++ b/kernel/new.c\n@@ -0,0 +1 @@\n+new\n--- a/kernel/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n`,
}
const patched = (...patches: { path: string; text: string }[]): ReturnType<typeof patchedFiles> =>
  patchedFiles(source, patches, join(directory, 'workplace'), signal)

test('patches are applied one after another; files come and go', async () => {
  const files = await patched(change('two', '2'), change('2', 'II'), addAndRemove)
  expect([...files].map(([name, content]) => [name, content?.toString()])).toEqual([
    ['kernel/timer.c', 'one\nII\nthree\n'],
    ['kernel/new.c', 'new\n'],
    ['kernel/old.c', undefined],
  ])
})

test('the words before a patch do not belong to it', () => {
  expect(bodyOf(change('two', '2'))).toMatch(/^--- a\/kernel/)
  expect(touchedBy(addAndRemove)).toEqual(['kernel/new.c', 'kernel/old.c'])
})

test('a hunk that does not fit is named', async () => {
  await expect(patched(change('deux', '2'))).rejects.toThrow(
    'change.patch does not apply: hunk 1 does not fit kernel/timer.c, line 1',
  )
})

test('a patch that is in the source already is told so', async () => {
  await writeFile(join(source, 'kernel/timer.c'), 'one\n2\nthree\n')
  await expect(patched(change('two', '2'))).rejects.toThrow('kernel/timer.c has this change already')
})

test('what is no patch, and what leads out of the source, is refused', async () => {
  await expect(patched({ path: 'a.patch', text: 'hello\n' })).rejects.toThrow('a.patch is no patch')
  const outside = {
    path: 'b.patch',
    text: '--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n',
  }
  await expect(patched(outside)).rejects.toThrow('is not inside the source')
})
