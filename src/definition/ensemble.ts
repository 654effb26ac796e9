/** The `ensemble` section: node groups, and roles that are links to them. */
import type { ComponentUse } from '../model/definition.ts'
import { findComponent, useComponent } from './component.ts'
import type { LoadContext } from './context.ts'
import { readFields, readInteger, readList, readMap, readName, readText } from './fields.ts'
import { createGroups, type Group, type Groups } from './groups.ts'
import { hintFor } from './problems/nearest.ts'
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
  if (!named.some((role) => role.endsWith('s'))) linkMissing(groups, named)
  return groups
}

/** Roles may be written in any case, as in Fallout. */
function readRoles({ report }: LoadContext, tree: Tree): { role: string; entry: Entry }[] {
  const entries = [...readMap(report, tree, 'the ensemble').values()]
  return entries.flatMap((entry) => {
    const role = entry.key.toLowerCase()
    if (ensembleKeys.includes(role)) return [{ role, entry }]
    report(entry.keyAt, `the ensemble has no key ${quote(entry.key)}`, hintFor(entry.key, ensembleKeys))
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
    const what = tree.type === 'list' ? `; several groups go under \`${role}s\`` : ''
    context.report(
      tree,
      `node group \`${role}\` must be a map or the name of another group, not ${describe(tree)}${what}`,
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
  const hint = hintFor(tree.text, [...names, 'local', 'observer', 'controller'])
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
  const count = fields.get('node.count')
  if (count === undefined) report(tree, `${where} needs \`node.count\``, 'how many nodes it has')
  const nodeCount = count && readInteger(report, count.value, `node.count of ${where}`, { min: 1, max: 1024 })
  const provisioner = fields.get('provisioner')
  if (provisioner === undefined) {
    report(tree, `${where} needs a \`provisioner\``, 'such as `provisioner: local`')
  }
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
  where: string,
): ComponentUse | undefined {
  const { registry, report } = context
  const fields =
    tree.type === 'map'
      ? readFields(report, tree, `provisioner of ${where}`, ['name', 'properties'])
      : undefined
  const idTree = fields === undefined ? tree : fields.get('name')?.value
  if (idTree === undefined) {
    report(tree, `provisioner of ${where} needs a \`name\``)
    return undefined
  }
  const id = readText(report, idTree, `provisioner of ${where}`)
  const component = id === undefined ? undefined : findComponent(registry, report, 'provisioner', id, idTree)
  if (component === undefined) return undefined
  return useComponent(report, component, `${group}-${component.id}`, fields?.get('properties')?.value, idTree)
}

/** `noop` is the only configuration manager so far, and does nothing. */
function checkManagers(context: LoadContext, tree: Tree, where: string): void {
  const items = tree.type === 'list' ? tree.items : [tree]
  if (items.length === 0) context.report(tree, `configuration_manager of ${where} must not be an empty list`)
  for (const item of items) {
    const what = `configuration manager of ${where}`
    const fields =
      item.type === 'map' ? readFields(context.report, item, what, ['name', 'properties']) : undefined
    const idTree = fields === undefined ? item : fields.get('name')?.value
    const id = idTree && readText(context.report, idTree, what)
    if (idTree === undefined) context.report(item, `${what} needs a \`name\``)
    else if (id !== undefined && id.toLowerCase() !== 'noop') {
      context.report(idTree, `there is no configuration manager called ${quote(id)}`, hintFor(id, ['noop']))
    }
  }
}

/** A definition that names only one side has both on the same nodes; one that names neither has both here. */
function linkMissing(groups: Groups, roles: readonly string[]): void {
  const nowhere = { start: 0, end: 0 }
  const isNamed = (role: string): boolean => roles.includes(role) || roles.includes(`${role}s`)
  const [server, client] = [groups.find('server'), groups.find('client')]
  const either = server ?? client ?? groups.find('local')
  if (either === undefined) return
  if (!isNamed('server')) groups.link('server', either, nowhere)
  if (!isNamed('client')) groups.link('client', either, nowhere)
}
