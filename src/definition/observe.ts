/** The `observe` section: how often, which samplers, which probes. */
import type { ComponentUse, Definition, ProbeUse } from '../model/definition.ts'
import type { ComponentKind } from '../plugin/define.ts'
import { findComponent, useComponent } from './component.ts'
import type { LoadContext } from './context.ts'
import {
  checkName,
  givenField,
  readFields,
  readList,
  readMap,
  readPositiveDuration,
  readText,
} from './fields.ts'
import type { Groups } from './groups.ts'
import { hintFor } from '../base/nearest.ts'
import { quote } from './problems/quote.ts'
import { shapeOf } from './schema-shape.ts'
import { describe, type Entry, type MapTree, type Tree } from './tree.ts'

export const observeKeys = ['every', 'samplers', 'probes']
export const probeOptions = ['group', 'every', 'timeout']

const DEFAULT_EVERY_MS = 1000
const DEFAULT_PROBE = { group: 'client', everyMs: 5000, timeoutMs: 10_000 }

/** Without `samplers`, every sampler that needs no properties. */
export function readObserve(
  context: LoadContext,
  tree: Tree | undefined,
  groups: Groups,
): Definition['observe'] {
  const { report } = context
  const fields =
    tree === undefined ? new Map<string, Entry>() : readFields(report, tree, '`observe`', observeKeys)
  const every = fields.get('every')
  const samplers = givenField(fields, 'samplers')
  const probes = givenField(fields, 'probes')
  return {
    everyMs: (every && readPositiveDuration(report, every.value, '`every` of `observe`')) ?? DEFAULT_EVERY_MS,
    samplers: samplers === undefined ? defaultSamplers(context) : readUses(context, 'sampler', samplers),
    probes: probes === undefined ? [] : readProbes(context, probes, groups),
  }
}

function defaultSamplers({ registry }: LoadContext): ComponentUse[] {
  return registry.all('sampler').flatMap(({ id, properties }) => {
    const parsed = properties.safeParse({})
    return parsed.success ? [{ name: id, component: id, properties: parsed.data }] : []
  })
}

/** A list of ids and of `{id: properties}`. An id that comes again is named `<id>-2` and so on. */
export function readUses<K extends ComponentKind>(context: LoadContext, kind: K, tree: Tree): ComponentUse[] {
  const { registry, report } = context
  const counts = new Map<string, number>()
  return readList(report, tree, `\`${kind}s\``).flatMap((item) => {
    const entries = item.type === 'map' ? [...item.entries.values()] : undefined
    const [entry, second] = entries ?? []
    if (entries !== undefined && (entry === undefined || second !== undefined)) {
      const hint = 'begin each with a dash of its own'
      report(second?.keyAt ?? item, `expected one ${kind} and its properties here`, hint)
      return []
    }
    const id = entry?.key ?? readText(report, item, `name of a ${kind}`)
    const at = entry?.keyAt ?? item
    const component = id === undefined ? undefined : findComponent(registry, report, kind, id, at)
    if (component === undefined) return []
    const count = (counts.get(component.id) ?? 0) + 1
    counts.set(component.id, count)
    const name = count === 1 ? component.id : `${component.id}-${count}`
    const use = useComponent(report, component, name, entry?.value, at)
    return use === undefined ? [] : [use]
  })
}

function readProbes(context: LoadContext, tree: Tree, groups: Groups): ProbeUse[] {
  return [...readMap(context.report, tree, '`probes`').values()].flatMap(({ key, keyAt, value }) => {
    checkName(context.report, keyAt, key, 'name of a probe')
    const probe = readProbe(context, key, value, keyAt, groups)
    return probe === undefined ? [] : [probe]
  })
}

/** A probe is `{<kind>: <properties or its main one>, group, every, timeout}`. */
function readProbe(
  context: LoadContext,
  name: string,
  tree: Tree,
  keyAt: Entry['keyAt'],
  groups: Groups,
): ProbeUse | undefined {
  const { registry, report } = context
  const where = `probe ${quote(name)}`
  const ids = registry.all('probe').map(({ id }) => id)
  const fields = readFields(report, tree, where, [...probeOptions, ...ids])
  const [kind, second] = ids.flatMap((id) => fields.get(id) ?? [])
  if (kind === undefined) {
    const isMisspelt = [...fields.keys()].some((key) => !probeOptions.includes(key))
    if (tree.type === 'map' && !isMisspelt) {
      report(keyAt, `${where} does not say what it tries`, hintFor('', ids))
    }
  } else if (second !== undefined) {
    report(second.keyAt, `${where} is ${quote(kind.key)} already`, 'a probe tries one thing')
  }
  const [group, every, timeout] = probeOptions.map((option) => fields.get(option))
  const groupName =
    group === undefined ? DEFAULT_PROBE.group : readText(report, group.value, `group of ${where}`)
  if (groupName !== undefined) groups.check(groupName, group?.value ?? keyAt, `group of ${where}`)
  const everyMs = every && readPositiveDuration(report, every.value, `\`every\` of ${where}`)
  const timeoutMs = timeout && readPositiveDuration(report, timeout.value, `\`timeout\` of ${where}`)
  const component = kind && registry.get('probe', kind.key)
  if (kind === undefined || component === undefined) return undefined
  const properties = withMainProperty(kind.value, Object.keys(shapeOf(component.properties))[0])
  const use = useComponent(report, component, name, properties, kind.keyAt)
  if (use === undefined || groupName === undefined) return undefined
  return {
    ...use,
    group: groupName,
    namesGroup: group !== undefined,
    everyMs: everyMs ?? DEFAULT_PROBE.everyMs,
    timeoutMs: timeoutMs ?? DEFAULT_PROBE.timeoutMs,
  }
}

/** A scalar stands for the main property, which a schema has first. */
function withMainProperty(tree: Tree, main: string | undefined): Tree {
  if (tree.type === 'map' || main === undefined || describe(tree) === 'nothing') return tree
  const { start, end } = tree
  const map: MapTree = {
    type: 'map',
    entries: new Map([[main, { key: main, keyAt: tree, value: tree }]]),
    start,
    end,
  }
  return map
}
