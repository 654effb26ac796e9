/** The `ensemble` section: node groups, and roles that are links to them. */
import type { ComponentUse } from '../model/definition.ts'
import type { Component } from '../plugin/define.ts'
import { readUse } from './component.ts'
import type { LoadContext } from './context.ts'
import {
  oneOrMany,
  readFields,
  readInteger,
  readList,
  readMap,
  readName,
  readText,
  requireField,
} from './fields.ts'
import { createGroups, type Group, type Groups } from './groups.ts'
import { hintFor } from '../base/nearest.ts'
import { quote } from './problems/quote.ts'
import { describe, type Entry, type ScalarTree, type Tree } from './tree.ts'

const roles = ['server', 'client', 'observer', 'controller']
const pluralRoles: Readonly<Record<string, string>> = { servers: 'server', clients: 'client' }
export const ensembleKeys = [...roles, ...Object.keys(pluralRoles)]
export const groupKeys = ['name', 'node.count', 'provisioner', 'configuration_manager']

/** Groups in the order of the file. Without an ensemble, server and client are one local group. */
export function readEnsemble(context: LoadContext, tree: Tree | undefined): Groups {
  const groups = createGroups(context)
  const entries = tree === undefined ? [] : readRoles(context, tree)
  // Roles are declared in the order of the file, links among them: a link can only name what stands above it.
  for (const { role, entry } of entries) {
    const plural = pluralRoles[role]
    if (plural === undefined) readRole(context, groups, role, entry.value)
    else readPlural(context, groups, plural, entry.value)
  }
  const named = entries.map(({ role }) => role)
  if (!named.some((role) => role in pluralRoles)) linkMissing(groups, named)
  return groups
}

/** Roles may be written in any case, as in Fallout. */
function readRoles({ report }: LoadContext, tree: Tree): { role: string; entry: Entry }[] {
  const entries = [...readMap(report, tree, 'the ensemble').values()]
  return entries.flatMap((entry) => {
    const role = entry.key.toLowerCase()
    if (ensembleKeys.includes(role)) return [{ role, entry }]
    report(entry.keyAt, `the ensemble has no key ${quote(entry.key)}`, () => hintFor(entry.key, ensembleKeys))
    return []
  })
}

function readRole(context: LoadContext, groups: Groups, role: string, tree: Tree): void {
  if (tree.type === 'map') {
    const group = readGroup(context, tree, role, role)
    if (group.name !== role) group.aliases.add(role)
    groups.add(group, tree.entries.get('name')?.value ?? tree)
  } else if (tree.type === 'scalar' && tree.value !== null) {
    link(context, groups, role, tree)
  } else {
    const hasPlural = tree.type === 'list' && ensembleKeys.includes(`${role}s`)
    context.report(
      tree,
      `node group \`${role}\` must be a map or the name of another group, not ${describe(tree)}`,
      hasPlural ? `several groups go under \`${role}s\`` : undefined,
    )
  }
}

function readPlural(context: LoadContext, groups: Groups, role: string, tree: Tree): void {
  const items = readList(context.report, tree, `\`${role}s\``)
  if (tree.type === 'list' && items.length === 0) context.report(tree, `\`${role}s\` has no groups`)
  for (const item of items) {
    if (item.type === 'map' && !item.entries.has('name')) {
      context.report(item, `a group among the ${role}s needs a \`name\``)
    } else if (item.type === 'map') {
      const group = readGroup(context, item, role, `one of the ${role}s`)
      if (items.length === 1 && group.name !== role) group.aliases.add(role)
      groups.add(group, item.entries.get('name')?.value ?? item)
    } else {
      context.report(item, `a group among the ${role}s must be a map, not ${describe(item)}`)
    }
  }
}

function link(context: LoadContext, groups: Groups, role: string, tree: ScalarTree): void {
  const group = groups.find(tree.text)
  if (group !== undefined) {
    groups.link(role, group, tree)
    return
  }
  const names = groups.specs().flatMap(({ name, aliases }) => [name, ...aliases])
  const hint = (): string => hintFor(tree.text, [...names, 'local', 'observer', 'controller'])
  context.report(
    tree,
    `\`${role}\` is a link to ${quote(tree.text)}, and no group above it is called that`,
    hint,
  )
}

function readGroup(context: LoadContext, tree: Tree, role: string, label: string): Group {
  const { report } = context
  const fields = readFields(report, tree, `node group \`${label}\``, groupKeys)
  const nameField = fields.get('name')
  const name = (nameField && readName(report, nameField.value, 'name of a node group')) ?? role
  const where = `node group ${quote(name)}`
  const count = requireField(report, fields, 'node.count', { in: tree, where, hint: 'how many nodes it has' })
  const nodeCount = count && readInteger(report, count.value, `node.count of ${where}`, { min: 1, max: 1024 })
  const hint = 'such as `provisioner: local`'
  const provisioner = requireField(report, fields, 'provisioner', { in: tree, where, hint })
  const manager = fields.get('configuration_manager')
  if (manager !== undefined) checkManagers(context, manager.value, where)
  return {
    name,
    aliases: new Set(),
    nodeCount: nodeCount ?? 1,
    provisioner: provisioner && readProvisioner(context, provisioner.value, name, where),
    managers: [],
  }
}

function readProvisioner(
  context: LoadContext,
  tree: Tree,
  group: string,
  of: string,
): ComponentUse | undefined {
  const where = `provisioner of ${of}`
  const { id, properties } = readNamed(context, tree, where)
  const name = (component: Component): string => `${group}-${component.id}`
  return id && readUse(context, 'provisioner', id, { name, where, properties, at: id })
}

/** `noop` is the only configuration manager so far, and does nothing. */
function checkManagers(context: LoadContext, tree: Tree, of: string): void {
  const where = `configuration_manager of ${of}`
  const items = oneOrMany(tree)
  if (items.length === 0) context.report(tree, `${where} must not be an empty list`)
  for (const item of items) {
    const { id } = readNamed(context, item, where)
    const text = id && readText(context.report, id, where)
    if (id === undefined || text === undefined || text.toLowerCase() === 'noop') continue
    context.report(id, `there is no configuration manager called ${quote(text)}`, () =>
      hintFor(text, ['noop']),
    )
  }
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

/** A definition that names only one side has both on the same nodes; one that names neither has both here. */
function linkMissing(groups: Groups, named: readonly string[]): void {
  const nowhere = { start: 0, end: 0 }
  const either = groups.find('server') ?? groups.find('client') ?? groups.find('local')
  if (either === undefined) return
  for (const role of ['server', 'client']) if (!named.includes(role)) groups.link(role, either, nowhere)
}
