/** The `ensemble` section: node groups, and roles that are links to them. */
import type { LoadContext } from './context.ts'
import { readList, readMap } from './fields.ts'
import { createGroups, type Groups } from './groups.ts'
import { hintFor } from '../base/nearest.ts'
import { LOCAL_FILES } from './local-files.ts'
import { readGroup } from './node-group.ts'
import { quote } from './problems/quote.ts'
import { describe, type Entry, type ScalarTree, type Tree } from './tree.ts'

const roles = ['server', 'client', 'observer', 'controller']
const pluralRoles: Readonly<Record<string, string>> = { servers: 'server', clients: 'client' }
export const ensembleKeys = [...roles, ...Object.keys(pluralRoles), LOCAL_FILES]

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
    if (role === LOCAL_FILES) return []
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

/** A definition that names only one side has both on the same nodes; one that names neither has both here. */
function linkMissing(groups: Groups, named: readonly string[]): void {
  const nowhere = { start: 0, end: 0 }
  const either = groups.find('server') ?? groups.find('client') ?? groups.find('local')
  if (either === undefined) return
  for (const role of ['server', 'client']) if (!named.includes(role)) groups.link(role, either, nowhere)
}
