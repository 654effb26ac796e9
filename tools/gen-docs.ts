/** Writes docs/reference/ and docs/schema/ from the code; with --check says what is out of date instead. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencePages } from '../src/cli/reference/pages.ts'
import { definitionJsonSchema } from '../src/definition/schema.ts'
import { createRegistry } from '../src/plugin/registry.ts'
import { components } from '../src/plugins/index.ts'

const root = join(import.meta.dirname, '..')
const registry = createRegistry(components)
const wanted = new Map<string, string>()
for (const { name, text } of await referencePages(registry)) wanted.set(`docs/reference/${name}.md`, text)
const schema = JSON.stringify(definitionJsonSchema(registry), null, 2)
wanted.set('docs/schema/definition.schema.json', `${schema}\n`)

const present = new Map<string, string>()
for (const folder of ['docs/reference', 'docs/schema']) {
  mkdirSync(join(root, folder), { recursive: true })
  for (const name of readdirSync(join(root, folder))) {
    present.set(`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8'))
  }
}
const stale = [...wanted.keys(), ...present.keys()].filter((path) => wanted.get(path) !== present.get(path))

if (process.argv.includes('--check')) {
  for (const path of new Set(stale)) process.stdout.write(`${path} is out of date: node tools/gen-docs.ts\n`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const path of new Set(stale)) {
    const text = wanted.get(path)
    mkdirSync(dirname(join(root, path)), { recursive: true })
    if (text === undefined) rmSync(join(root, path))
    else writeFileSync(join(root, path), text)
    process.stdout.write(`${path} ${text === undefined ? 'removed' : 'written'}\n`)
  }
}
