/** Components that users add: from a file, from an npm package, for all definitions, and what may be wrong with them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const example = new URL('../../examples/own-component.yaml', import.meta.url).pathname

const pluginOf = (id: string): string => `
import { defineModule, z } from 'quarry/plugin'
export default defineModule({
  id: '${id}',
  summary: 'says a word',
  needs: [],
  properties: z.strictObject({ word: z.string().describe('the word') }),
  lifetime: 'run_once',
  run: async (context, { word }) => context.operation('ok', word),
})
`
const definitionOf = (module: string, plugins = ''): string =>
  `${plugins}workload: {phases: [{a: {module: ${module}, properties: {word: hello}}}]}\n`

interface Checked {
  readonly problems: readonly { readonly line: number; readonly column: number; readonly message: string }[]
}

async function problemsOf(file: string): Promise<string[]> {
  const { problems } = jsonOf<Checked>(await place.quarry('validate', file, '--json'))
  return problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
}

test('the worked example runs, and its checker judges', async () => {
  const { result } = await place.run(example, '-p', 'rounds=7')
  expect(result.verdict).toBe('pass')
  const checks = place.records().at(-1)?.checks
  expect(checks?.find(({ name }) => name === 'in-order')?.message).toBe('7 messages, each once and in order')
})

test('an npm package that the definition names', async () => {
  const folder = join(place.path, 'node_modules', 'our-words')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'package.json'),
    '{"name": "our-words", "type": "module", "exports": "./main.js"}',
  )
  writeFileSync(join(folder, 'main.js'), pluginOf('our-word'))
  const file = place.write('package.yaml', definitionOf('our-word', 'plugins: [our-words]\n'))
  expect((await place.run(file)).result.verdict).toBe('pass')
})

test('for every definition, by the environment', async () => {
  place[Symbol.dispose]()
  place = workplace({ QUARRY_PLUGINS: './everywhere.ts' })
  place.write('everywhere.ts', pluginOf('everywhere'))
  expect((await place.run(place.write('d.yaml', definitionOf('everywhere')))).result.verdict).toBe('pass')
})

test('properties of its components are checked at their place', async () => {
  place.write('word.ts', pluginOf('word'))
  const file = place.write(
    'd.yaml',
    'plugins: [./word.ts]\nworkload:\n  phases:\n    - a: {module: word, properties: {wrd: x}}\n',
  )
  expect(await problemsOf(file)).toEqual(['4:38: module `word` has no property `wrd`'])
})

test('what is wrong with a plug-in is said where it is named', async () => {
  place.write('broken.ts', 'export default {')
  place.write('none.ts', 'export const a = 1')
  place.write(
    'half.ts',
    "export default [{ kind: 'module', id: 'half', summary: 's', needs: [], properties: { safeParse: 1 } }]",
  )
  place.write('twice.ts', pluginOf('noop'))
  const plugins =
    'plugins:\n  - ./broken.ts\n  - ./none.ts\n  - ./half.ts\n  - ./twice.ts\n  - ./absent.ts\n  - not-installed\n'
  const file = place.write('d.yaml', definitionOf('noop', plugins).replace(', properties: {word: hello}', ''))
  const problems = await problemsOf(file)
  expect(problems.map((problem) => problem.replaceAll(/ '?[^ ]*quarry-test-[^ ]*/g, ' PATH'))).toEqual([
    expect.stringMatching(/^2:5: plug-in `\.\/broken\.ts`: ./),
    '3:5: plug-in `./none.ts`: it has no default export: a component, or a list of them',
    '4:5: plug-in `./half.ts`: export 1 is no component: module half needs `run`',
    '5:5: plug-in `./twice.ts`: there is another module called noop',
    expect.stringMatching(/^6:5: plug-in `\.\/absent\.ts`: Cannot find module/),
    expect.stringMatching(/^7:5: plug-in `not-installed`: Cannot find package/),
  ])
})
