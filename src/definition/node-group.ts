/** One node group of the ensemble: its nodes, where they come from, what is put on them, and how far it is brought up. */
import type { ComponentUse } from '../model/definition.ts'
import { isAbove, runLevels, type RunLevel } from '../model/run-level.ts'
import type { Component } from '../plugin/define.ts'
import type { ComponentOf } from '../plugin/registry.ts'
import { findComponent, readUse, useComponent } from './component.ts'
import type { LoadContext } from './context.ts'
import {
  givenField,
  oneOrMany,
  readBoolean,
  readChoice,
  readFields,
  readInteger,
  readName,
  readText,
  requireField,
} from './fields.ts'
import type { Group } from './groups.ts'
import { LOCAL_FILES } from './local-files.ts'
import type { ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import type { Entry, Tree } from './tree.ts'

export const groupKeys = [
  'name',
  'node.count',
  'provisioner',
  'configuration_manager',
  'runlevel',
  'runlevel.final',
  'mark_for_reuse',
  LOCAL_FILES,
]

/** Levels that a definition may name; the others are stages on the way. */
export const nameableLevels = runLevels.filter((level) => level !== 'RESERVED' && level !== 'STOPPED')

/** `role` is its name when it has none of its own; `label` what it is called in messages. */
export function readGroup(context: LoadContext, tree: Tree, role: string, label: string): Group {
  const { report } = context
  const fields = readFields(report, tree, `node group \`${label}\``, groupKeys)
  const nameField = fields.get('name')
  const name = (nameField && readName(report, nameField.value, 'name of a node group')) ?? role
  const where = `node group ${quote(name)}`
  const count = requireField(report, fields, 'node.count', { in: tree, where, hint: 'how many nodes it has' })
  const nodeCount = count && readInteger(report, count.value, `node.count of ${where}`, { min: 1, max: 1024 })
  const hint = 'such as `provisioner: local`'
  const provisioner = requireField(report, fields, 'provisioner', { in: tree, where, hint })
  const managers = givenField(fields, 'configuration_manager')
  const from =
    provisioner === undefined
      ? { provisioner: undefined }
      : readProvisioner(context, provisioner.value, name, where)
  const plugin = from.provisioner && context.registry.get('provisioner', from.provisioner.component)
  const there = plugin && ['node-info', ...(plugin.provides ?? [])]
  return {
    name,
    aliases: new Set(),
    nodeCount: nodeCount ?? 1,
    ...from,
    managers: managers === undefined ? [] : readManagers(context, managers, { group: name, where, there }),
    ...readLevels(report, fields, where),
  }
}

/** How far it is brought up and left; a group that is kept is left as it is. */
function readLevels(
  report: ReportAt,
  fields: ReadonlyMap<string, Entry>,
  where: string,
): Pick<Group, 'launchLevel' | 'finalLevel' | 'reuse'> {
  const level = (key: string): RunLevel | undefined => {
    const tree = givenField(fields, key)
    return tree && readChoice(report, tree, `${key} of ${where}`, nameableLevels)
  }
  const reuseTree = givenField(fields, 'mark_for_reuse')
  const reuse = (reuseTree && readBoolean(report, reuseTree, `mark_for_reuse of ${where}`)) ?? false
  const launchLevel = level('runlevel') ?? 'STARTED_SERVICES_RUNNING'
  const finalLevel = level('runlevel.final')
  const final = fields.get('runlevel.final')
  if (reuse && final !== undefined) {
    report(
      final.keyAt,
      `${where} is kept by mark_for_reuse, so it has no runlevel.final`,
      'leave one of the two out',
    )
  }
  if (final !== undefined && finalLevel !== undefined && isAbove(finalLevel, launchLevel)) {
    report(final.value, `runlevel.final of ${where} is above its runlevel ${launchLevel}`)
  }
  return { launchLevel, finalLevel: finalLevel ?? 'DESTROYED', reuse }
}

function readProvisioner(
  context: LoadContext,
  tree: Tree,
  group: string,
  of: string,
): Pick<Group, 'provisioner' | 'cluster'> {
  const where = `provisioner of ${of}`
  const { id, properties } = readNamed(context, tree, where)
  const { cluster, rest } = takeClusterName(context, properties, of)
  const name = (component: Component): string => `${group}-${component.id}`
  const provisioner = id && readUse(context, 'provisioner', id, { name, where, properties: rest, at: id })
  return { provisioner, ...(cluster === undefined ? {} : { cluster }) }
}

/** `name` is a property that every provisioner has, so they do not declare it themselves. */
function takeClusterName(
  { report }: LoadContext,
  properties: Tree | undefined,
  of: string,
): { readonly cluster?: string | undefined; readonly rest: Tree | undefined } {
  const given = properties?.type === 'map' ? properties.entries.get('name') : undefined
  if (properties?.type !== 'map' || given === undefined) return { rest: properties }
  const entries = new Map([...properties.entries].filter(([key]) => key !== 'name'))
  return {
    cluster: readName(report, given.value, `cluster name of ${of}`),
    rest: { ...properties, entries },
  }
}

/** Managers in the order in which they work, which follows from what they need of each other. */
function readManagers(
  context: LoadContext,
  tree: Tree,
  of: {
    readonly group: string
    readonly where: string
    /** Providers that the nodes have from the beginning, where that is known. */
    readonly there: readonly string[] | undefined
  },
): ComponentUse[] {
  const { registry, report } = context
  const where = `configuration_manager of ${of.where}`
  const items = oneOrMany(tree)
  if (items.length === 0) report(tree, `${where} must not be an empty list`)
  const found: { readonly plugin: ComponentOf<'manager'>; readonly use: ComponentUse; readonly at: Tree }[] =
    []
  let isAllKnown = of.there !== undefined
  for (const [index, item] of items.entries()) {
    const { id, properties } = readNamed(context, item, where)
    const text = id && readText(report, id, where)
    if (id === undefined || text === undefined) continue
    const plugin = findComponent(registry, report, 'manager', text, id)
    if (plugin === undefined) {
      isAllKnown = false
      continue
    }
    const use = useComponent(report, plugin, `${of.group}-${index}-${plugin.id}`, properties, id)
    if (use !== undefined && plugin.id !== 'noop') found.push({ plugin, use, at: id })
  }
  const ordered: ComponentUse[] = []
  const there = new Set(of.there)
  for (let rest = found; rest.length > 0;) {
    const next = rest.find(({ plugin }) => plugin.requires.every((provider) => there.has(provider)))
    if (next === undefined) {
      // What nobody knows may provide it.
      for (const { plugin, at } of isAllKnown ? rest : []) {
        const missing = plugin.requires.filter((provider) => !there.has(provider))
        report(
          at,
          `configuration manager \`${plugin.id}\` of ${of.where} needs ${missing.map(quote).join(', ')}, which neither the provisioner nor another manager of the group provides`,
        )
      }
      break
    }
    for (const provider of next.plugin.provides) there.add(provider)
    ordered.push(next.use)
    rest = rest.filter((one) => one !== next)
  }
  return ordered
}

interface Named {
  readonly id?: Tree | undefined
  readonly properties?: Tree | undefined
}

/** A component by its id alone, or as `{name, properties}`. */
function readNamed({ report }: LoadContext, tree: Tree, where: string): Named {
  if (tree.type !== 'map') return { id: tree }
  const fields = readFields(report, tree, where, ['name', 'properties'])
  return {
    id: requireField(report, fields, 'name', { in: tree, where })?.value,
    properties: fields.get('properties')?.value,
  }
}
