/** Checks that the arrows of ARCHITECTURE.md hold: which folder of src/ may import from which. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const under = ['base', 'model', 'plugin']
const middle = [...under, 'definition', 'node', 'evidence']

/** For each folder the folders that it may import from; `type x` allows types only. Its own is always allowed. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  plugin: ['base', 'model'],
  definition: under,
  node: under,
  evidence: under,
  lab: [...under, 'definition', 'node'],
  diagnosis: middle,
  store: middle,
  engine: [...middle, 'diagnosis', 'store'],
  hunt: [...middle, 'diagnosis', 'store', 'engine'],
  report: [...middle, 'diagnosis', 'store', 'engine'],
  cli: [...middle, 'lab', 'diagnosis', 'store', 'engine', 'hunt', 'report'],
  plugins: [...under, 'type node', 'type evidence'],
  // What makes nodes.
  'plugins/provisioners': [...under, 'node', 'lab'],
}

/** Files that may import the list of all components: everything else is handed a registry. */
const COMPOSERS = ['src/cli/main.ts']

/** Tolerated exceptions, `file -> file`, each with the reason and what would end it. */
const DEBT: Readonly<Record<string, string>> = {}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g

/** One line for each import that goes against the arrows, and for each folder that has none. Tests are free. */
export function checkImports(root: string, debt: Readonly<Record<string, string>> = DEBT): string[] {
  const problems: string[] = []
  const unused = new Set(Object.keys(debt))
  for (const folder of readdirSync(join(root, 'src'))) {
    if (Object.hasOwn(ARROWS, folder)) continue
    problems.push(`src/${folder}: unknown folder; give it a place in ARROWS`)
  }
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!entry.endsWith('.ts') || entry.endsWith('.test.ts')) continue
    const file = `src/${entry}`
    for (const [, type, from, dynamic, bare] of readFileSync(join(root, file), 'utf8').matchAll(IMPORT)) {
      const specifier = from ?? dynamic ?? bare ?? ''
      if (!specifier.startsWith('.')) continue
      const target = relative(root, resolve(root, dirname(file), specifier))
      const why = refuse(file, target, type !== undefined)
      if (why === undefined || unused.delete(`${file} -> ${target}`)) continue
      problems.push(`${file} -> ${target}: ${why}`)
    }
  }
  return [...problems, ...[...unused].map((line) => `${line}: no longer needed in DEBT`)]
}

/** Why `file` may not import `target`, or `undefined` when it may. */
function refuse(file: string, target: string, type: boolean): string | undefined {
  const [, from = '', fromKind, fromId] = file.split('/')
  const [top, to = '', toKind, toId, deeper] = target.split('/')
  if (top !== 'src') return target === 'package.json' ? undefined : 'src/ imports nothing outside src/'
  if (target === 'src/plugins/index.ts') {
    return COMPOSERS.includes(file)
      ? undefined
      : `only ${COMPOSERS.join(' and ')} may; take a Registry instead`
  }
  if (from === 'plugins' && to === 'plugins' && file !== 'src/plugins/index.ts') {
    const sameComponent = fromKind === toKind && fromId === toId
    const shared = deeper === undefined
    return sameComponent || shared ? undefined : 'one component does not import another'
  }
  const allowed = ARROWS[`${from}/${fromKind}`] ?? ARROWS[from] ?? []
  if (from === to || allowed.includes(to)) return undefined
  if (allowed.includes(`type ${to}`)) return type ? undefined : `${from} may import only types of ${to}`
  return `${from} may import ${[from, ...allowed].join(', ')}`
}

if (import.meta.main) {
  const problems = checkImports(join(import.meta.dirname, '..'))
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
