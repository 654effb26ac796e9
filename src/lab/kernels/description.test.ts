import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { readRecipe } from './description.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-description-test-'))
})
afterEach(() => rm(directory, { recursive: true }))

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text)
  return join(directory, name)
}

test('a description names its files relative to itself', async () => {
  const config = await write('lab.config', 'CONFIG_SMP=y\n')
  const patch = await write('more.patch', '--- a/x\n')
  const file = await write('small.yaml', 'source: linux-source-6.1\nconfig: [lab.config]\n')
  expect(await readRecipe(file, { config: [], patches: [patch] })).toEqual({
    name: 'small',
    source: 'linux-source-6.1',
    base: 'tinyconfig',
    config: [{ path: config, text: 'CONFIG_SMP=y\n' }],
    patches: [{ path: patch, text: '--- a/x\n' }],
  })
})

const problemsOf = async (text: string): Promise<string[]> => {
  const file = await write('bad.yaml', text)
  const error: unknown = await readRecipe(file).catch((thrown: unknown) => thrown)
  if (!(error instanceof UserError)) throw new Error('nothing was wrong')
  return error.problems.map(
    ({ line, column, message, hint }) =>
      `${line}:${column}: ${message.replaceAll(directory, 'DIR')}; ${hint}`,
  )
}

test('every problem is told with its place', async () => {
  expect(await problemsOf('source: 6.1\nbase: smallest\npatchs: [a.patch]\n')).toMatchInlineSnapshot(`
    [
      "1:9: \`source\` of the kernel: must be a package of Debian such as linux-source-6.1; undefined",
      "2:7: \`base\` of the kernel: expected tinyconfig, defconfig, debian, not \`smallest\`; undefined",
      "3:1: the kernel has no property \`patchs\`; did you mean \`patches\`?",
    ]
  `)
  expect(await problemsOf('source: linux-source-6.1\npatches: [none.patch]\n')).toMatchInlineSnapshot(`
    [
      "2:11: cannot read DIR/none.patch: ENOENT: no such file or directory, open 'DIR/none.patch'; undefined",
    ]
  `)
  expect(await problemsOf('')).toMatchInlineSnapshot(`
    [
      "1:1: the description of the kernel is empty; such as \`source: linux-source-6.1\`",
    ]
  `)
  expect(await problemsOf('source: <<file:x>>\n')).toMatchInlineSnapshot(`
    [
      "1:1: a reference such as \`<<file:...>>\` stands for nothing here; write the value itself",
    ]
  `)
})

test('a file that is not there is told', async () => {
  await expect(readRecipe(join(directory, 'none.yaml'))).rejects.toThrow('cannot read')
})
