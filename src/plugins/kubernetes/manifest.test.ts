import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { renderText } from '../../definition/render-text.ts'
import { localNode } from '../../node/local.ts'
import { namesOnly, objectsIn, readManifest } from './manifest.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-manifest-'))
})
afterEach(() => rm(directory, { recursive: true }))

const read = (manifest: string, template_params?: Record<string, unknown>): Promise<string> =>
  readManifest(
    { manifest, template_params },
    { render: renderText, environment: () => ({ QUARRY_DEFINITION_DIR: directory }) },
    localNode({ run: 'test', group: 'server', ordinal: 0, scratch: directory }),
  )

test('a manifest is a file, or all of a directory, and a template only with values', async () => {
  await writeFile(join(directory, 'one.yaml'), 'a: {{b}}')
  await mkdir(join(directory, 'all'))
  await writeFile(join(directory, 'all/2.yml'), 'kind: Second')
  await writeFile(join(directory, 'all/1.yaml'), 'kind: First')
  await writeFile(join(directory, 'all/README.md'), 'not this')
  expect(await read('one.yaml')).toBe('a: {{b}}')
  expect(await read(join(directory, 'one.yaml'), { b: 3 })).toBe('a: 3')
  expect(await read('all')).toBe('kind: First\n---\nkind: Second')
  await expect(read('one.yaml', { c: 3 })).rejects.toThrow('1:4: no value for the template tag `b`')
  await expect(read('none.yaml')).rejects.toThrow('cannot read the manifest')
})

test('objects by name, without what is in them', () => {
  const text = `
# a comment only
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: demo, labels: {a: b}}
stringData: {password: hush}
---
apiVersion: v1
kind: List
items:
- {apiVersion: batch/v1, kind: Job, metadata: {name: pi}}
`
  expect(namesOnly(objectsIn(text))).toMatchInlineSnapshot(
    `"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"login","namespace":"demo"}},{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi"}}]}"`,
  )
})

test.each([
  ['', 'the manifest has no object in it'],
  ['kind: Job\nmetadata: {name: pi}', 'object 1 of the manifest needs apiVersion'],
  ['apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: pi-}', 'needs metadata.name'],
  ['a: [', 'the manifest is not YAML'],
  ['- a\n- b', 'object 1 of the manifest needs'],
])('%j is not one', (text, problem) => {
  expect(() => objectsIn(text)).toThrow(problem)
})
