import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { checkImports } from './check-imports.ts'

const made: string[] = []
afterEach(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true })
})

async function tree(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'check-imports-'))
  made.push(root)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

test('Quarry keeps to its arrows', () => {
  expect(checkImports(join(import.meta.dirname, '..'))).toEqual([])
})

test('names each import that goes the wrong way, in whatever form it is written', async () => {
  const root = await tree({
    'src/base/clock.ts': `import {\n  type Run,\n} from '../model/run.ts'\nimport '../node/local.ts'\n`,
    'src/model/run.ts': `export * from '../base/clock.ts'\nconst later = () => import('../engine/run.ts')\n`,
    'src/plugins/modules/bash/index.ts': `import type { A } from '../../../node/local.ts'
import { b } from '../../../node/local.ts'
import { c } from '../sleep/index.ts'
import { d } from './parse.ts'
import { z } from 'zod'
`,
    'src/plugins/provisioners/local/index.ts': `import { b } from '../../../node/local.ts'\n`,
    'src/plugins/index.ts': `import bash from './modules/bash/index.ts'\n`,
    'src/cli/main.ts': `const plugins = await import('../plugins/index.ts')\n`,
    'src/cli/doctor.ts': `import { components } from '../plugins/index.ts'\nimport '../../tools/gen-docs.ts'\n`,
    'src/cli/doctor.test.ts': `import { components } from '../plugins/index.ts'\n`,
    'src/helpers/all.ts': '',
  })
  expect(checkImports(root)).toMatchInlineSnapshot(`
    [
      "src/helpers: unknown folder; give it a place in ARROWS",
      "src/base/clock.ts -> src/model/run.ts: base may import base",
      "src/base/clock.ts -> src/node/local.ts: base may import base",
      "src/cli/doctor.ts -> src/plugins/index.ts: only src/cli/main.ts may; take a Registry instead",
      "src/cli/doctor.ts -> tools/gen-docs.ts: src/ imports nothing outside src/",
      "src/model/run.ts -> src/engine/run.ts: model may import model, base",
      "src/plugins/modules/bash/index.ts -> src/node/local.ts: plugins may import only types of node",
      "src/plugins/modules/bash/index.ts -> src/plugins/modules/sleep/index.ts: one component does not import another",
    ]
  `)
})

test('an exception is tolerated as long as it is needed', async () => {
  const root = await tree({ 'src/base/clock.ts': `import '../model/run.ts'\n` })
  const debt = { 'src/base/clock.ts -> src/model/run.ts': 'argued' }
  expect(checkImports(root, debt)).toEqual([])
  expect(checkImports(root, { ...debt, 'src/base/a.ts -> src/model/b.ts': 'argued' })).toEqual([
    'src/base/a.ts -> src/model/b.ts: no longer needed in DEBT',
  ])
})
