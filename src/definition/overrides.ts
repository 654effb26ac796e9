/**
 * Parameters that name a place of the definition instead of a tag: `-p load/threads=8` sets a property of the step `load`,
 * `-p ensemble/server/node.count=5` anything by its path. What any run may differ in can so be a factor of a hunt.
 */
import { hintFor } from '../base/nearest.ts'
import type { Hint } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { topLevelKeys } from './sections.ts'
import { valueOf, type Entry, type MapTree, type Tree } from './tree.ts'
import { parseYaml } from './yaml.ts'

/** Whether a parameter is a path. A tag of a template cannot have a slash in its name. */
export const isPath = (parameter: string): boolean => parameter.includes('/')

type Report = (message: string, hint?: Hint) => void

/** The definition with the values in their places; those that have none are reported. */
export function override(tree: Tree, parameters: Readonly<Record<string, string>>, report: Report): Tree {
  let changed = tree
  for (const [name, text] of Object.entries(parameters)) {
    if (!isPath(name)) continue
    const path = pathOf(changed, name.split('/'))
    if (path === undefined) {
      report(`there is no step ${quote(name.split('/')[0] ?? '')} (-p ${name})`, () =>
        hintFor(name.split('/')[0] ?? '', [...stepNames(changed), ...topLevelKeys]),
      )
      continue
    }
    const value = parseYaml(text, () => undefined) ?? parseYaml('""', () => undefined)
    if (value !== undefined)
      changed = put(changed, path, value, (message) => report(`-p ${name}: ${message}`))
  }
  return changed
}

/** The values of parameters that are paths, by path. */
export function overriding(parameters: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => isPath(name))
      .map(([name, text]) => {
        const value = parseYaml(text, () => undefined)
        return [name, value === undefined ? text : valueOf(value)]
      }),
  )
}

/** What stands at the place that a path names; undefined when nothing does. */
export function valueAt(tree: Tree, name: string): unknown {
  const found = pathOf(tree, name.split('/'))?.reduce<Tree | undefined>(at, tree)
  return found === undefined ? undefined : valueOf(found)
}

/** The whole path: a short one begins with the name of a step, and goes on among its properties. */
function pathOf(tree: Tree, steps: readonly string[]): readonly string[] | undefined {
  const [first = '', ...rest] = steps
  if (topLevelKeys.includes(first)) return steps
  const found = stepPath(tree, ['workload', 'phases'], first)
  return found === undefined ? undefined : [...found, 'properties', ...rest]
}

function at(tree: Tree | undefined, step: string): Tree | undefined {
  if (tree?.type === 'map') return tree.entries.get(step)?.value
  return tree?.type === 'list' ? tree.items[Number(step)] : undefined
}

/** Path of the step with that name in the phases at `path`, or in phases below them. */
function stepPath(tree: Tree, path: readonly string[], name: string): readonly string[] | undefined {
  const phases = path.reduce<Tree | undefined>(at, tree)
  if (phases?.type !== 'list') return undefined
  for (const [index, phase] of phases.items.entries()) {
    if (phase.type !== 'map') continue
    for (const { key, value } of phase.entries.values()) {
      const below = [...path, String(index), key]
      if (key === name && value.type === 'map') return below
      const deeper = stepPath(tree, below, name)
      if (deeper !== undefined) return deeper
    }
  }
  return undefined
}

function stepNames(tree: Tree): string[] {
  const names: string[] = []
  const walk = (phases: Tree | undefined): void => {
    if (phases?.type !== 'list') return
    for (const phase of phases.items) {
      if (phase.type !== 'map') continue
      for (const { key, value } of phase.entries.values()) {
        names.push(key)
        walk(value)
      }
    }
  }
  walk(at(at(tree, 'workload'), 'phases'))
  return names
}

/** A copy with the value in its place; what is wrong with it is told where what it replaces stands. */
function put(tree: Tree, path: readonly string[], value: Tree, report: (message: string) => void): Tree {
  const [step, ...rest] = path
  if (step === undefined) return placed(value, tree)
  if (tree.type === 'list') {
    const index = Number(step)
    const item = tree.items[index]
    if (item === undefined) {
      report(`the list has ${tree.items.length} items, and none is ${quote(step)}`)
      return tree
    }
    return { ...tree, items: tree.items.with(index, put(item, rest, value, report)) }
  }
  if (tree.type === 'scalar' && tree.value !== null) {
    report(`${quote(tree.text)} has nothing below it`)
    return tree
  }
  const entries: ReadonlyMap<string, Entry> = tree.type === 'map' ? tree.entries : new Map()
  const { start, end } = tree
  const entry = entries.get(step) ?? { key: step, keyAt: { start, end }, value: nothing(start, end) }
  const changed = { ...entry, value: put(entry.value, rest, value, report) }
  return { type: 'map', entries: new Map([...entries, [step, changed]]), start, end }
}

const nothing = (start: number, end: number): MapTree => ({ type: 'map', entries: new Map(), start, end })

/** The value as if it stood at another place. */
function placed(value: Tree, { start, end }: Tree): Tree {
  switch (value.type) {
    case 'scalar':
      return { ...value, start, end }
    case 'list':
      return {
        ...value,
        items: value.items.map((item) => placed(item, { ...value, start, end })),
        start,
        end,
      }
    case 'map': {
      const entries = [...value.entries].map(([key, entry]): [string, Entry] => [
        key,
        { key, keyAt: { start, end }, value: placed(entry.value, { ...value, start, end }) },
      ])
      return { type: 'map', entries: new Map(entries), start, end }
    }
  }
}
