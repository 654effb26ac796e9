import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { kernelsOfSeries, readRecipe } from './description.ts'

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

test('a description with a patch behind it stands for its patches up to that one', async () => {
  await write('1.patch', '--- a/x\n')
  await write('2.patch', '--- a/y\n')
  const file = await write(
    'stack.yaml',
    'source: linux-source-6.1\npatches: [./1.patch, 2.patch, gone.patch]\n',
  )
  const shortOf = async (patch: string): Promise<unknown> => {
    const { name, patches } = await readRecipe(`${file}@${patch}`)
    return [name, patches.map(({ path }) => basename(path))]
  }
  expect(await shortOf('none')).toEqual(['stack@none', []])
  expect(await shortOf('1.patch')).toEqual(['stack@1.patch', ['1.patch']])
  expect(await shortOf('2.patch')).toEqual(['stack@2.patch', ['1.patch', '2.patch']])
  expect(await problemsOf(await readFile(file, 'utf8'), '@3.patch')).toMatchInlineSnapshot(`
    [
      "2:10: there is no patch "3.patch"; did you mean \`2.patch\`?",
    ]
  `)
  await write('gone.patch', '--- a/z\n')
  expect(await kernelsOfSeries('stack.yaml', directory)).toEqual([
    'stack.yaml@none',
    'stack.yaml@1.patch',
    'stack.yaml@2.patch',
    'stack.yaml@gone.patch',
  ])
  await write('bare.yaml', 'source: linux-source-6.1\n')
  await expect(kernelsOfSeries('bare.yaml', directory)).rejects.toThrow('has no patches')
  // A name that is a file is that file.
  await write('bare.yaml@none.yaml', 'source: linux-source-6.1\n')
  expect((await readRecipe(join(directory, 'bare.yaml@none.yaml'))).name).toBe('bare.yaml@none')
})

const problemsOf = async (text: string, behind = ''): Promise<string[]> => {
  const file = await write('bad.yaml', text)
  const error: unknown = await readRecipe(file + behind).catch((thrown: unknown) => thrown)
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
