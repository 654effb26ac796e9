/** The values that a template sees: the defaults document under the parameters of this run. */
import { hintFor } from '../base/nearest.ts'
import type { Hint, ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { describe, emptyMap, valueOf, type Entry, type MapTree, type Tree } from './tree.ts'
import { parseYaml } from './yaml.ts'

/** Defaults as a map; `report` takes offsets in `text`. */
export function readDefaults(text: string, report: ReportAt): MapTree {
  const nothing = emptyMap({ start: 0, end: 0 })
  const tree = parseYaml(text, report)
  if (tree === undefined || tree.type === 'map') return tree ?? nothing
  if (tree.type === 'scalar' && tree.value === null) return nothing
  report(tree, `the defaults above \`---\` must be a map of \`name: value\` lines, not ${describe(tree)}`)
  return nothing
}

/** Parameters win over defaults, each as a whole. Their values are YAML; what is wrong with one goes to `report`. */
export function overlay(
  defaults: MapTree,
  parameters: Readonly<Record<string, string>>,
  report: (message: string, hint?: Hint) => void,
): MapTree {
  const entries = new Map<string, Entry>(defaults.entries)
  for (const [key, text] of Object.entries(parameters)) {
    const keyAt = { start: 0, end: 0 }
    const value = parseParameter(text, (_at, message) => {
      const hint = 'put quotes around the value, within those of the shell'
      report(`parameter -p ${quote(`${key}=${text}`)}: ${message}`, hint)
    })
    entries.set(key, { key, keyAt, value })
  }
  return { ...defaults, entries }
}

/** The value as YAML; an empty one is null, which renders as nothing. */
function parseParameter(text: string, report: ReportAt): Tree {
  const missing: Tree = { type: 'scalar', value: null, text: '', style: 'plain', start: 0, end: 0 }
  return parseYaml(text, report) ?? missing
}

/** Reports parameters that no tag asked for and no default declares: most often a misspelling. */
export function checkUnused(
  parameters: Readonly<Record<string, string>>,
  defaults: MapTree,
  used: ReadonlySet<string>,
  report: (message: string, hint?: Hint) => void,
): void {
  const known = [...new Set([...defaults.entries.keys(), ...used])]
  for (const key of Object.keys(parameters)) {
    if (!known.includes(key)) {
      report(`the definition has no parameter ${quote(key)} (-p)`, () =>
        known.length === 0 ? 'it has none' : hintFor(key, known),
      )
    }
  }
}

/** Plain values of the parameters that tags asked for. */
export function usedValues(values: MapTree, used: ReadonlySet<string>): Record<string, unknown> {
  const taken = [...values.entries.values()].filter(({ key }) => used.has(key))
  return Object.fromEntries(taken.map(({ key, value }) => [key, valueOf(value)]))
}
