/** References that only a run can resolve: what can be said about them before it. */
import { providerKey, referencesIn, referenceTypes, type Reference } from '../model/reference.ts'
import type { FileSpec } from '../model/file-spec.ts'
import { hintFor } from '../base/nearest.ts'
import type { LoadContext } from './context.ts'
import type { Groups } from './groups.ts'
import type { Span } from './position.ts'
import type { Hint } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import type { Tree } from './tree.ts'

/** Whether any text below has a reference. */
export function holdsReference(tree: Tree): boolean {
  switch (tree.type) {
    case 'scalar':
      return typeof tree.value === 'string' && referencesIn(tree.text).length > 0
    case 'list':
      return tree.items.some(holdsReference)
    case 'map':
      return [...tree.entries.values()].some(
        ({ key, value }) => referencesIn(key).length > 0 || holdsReference(value),
      )
  }
}

export interface Referable {
  readonly groups: Groups
  readonly localFiles: readonly FileSpec[]
}

/** Reports every reference to what the definition does not have. */
export function checkDeferred(context: LoadContext, tree: Tree, names: Referable): void {
  const check = (reference: Reference, at: Span): void => {
    const problem = problemWith(reference, names)
    if (problem !== undefined) context.report(at, problem.message, problem.hint)
  }
  const walk = (one: Tree): void => {
    if (one.type === 'list') for (const item of one.items) walk(item)
    if (one.type === 'scalar' && typeof one.value === 'string') {
      for (const reference of referencesIn(one.text)) {
        const start = context.contentOffset(one, reference.from)
        check(reference, { start, end: start + 1 })
      }
    }
    if (one.type !== 'map') return
    for (const { key, keyAt, value } of one.entries.values()) {
      for (const reference of referencesIn(key)) check(reference, keyAt)
      walk(value)
    }
  }
  walk(tree)
}

interface Found {
  readonly message: string
  readonly hint?: Hint
}

function problemWith({ type, key }: Reference, { groups, localFiles }: Referable): Found | undefined {
  const text = quote(`<<${type}:${key}>>`)
  switch (type) {
    case 'file': {
      const paths = localFiles.map(({ path }) => path)
      if (paths.some((path) => path === key || key.startsWith(`${path}/`) || path === '')) return undefined
      return {
        message: `${text}: no entry of \`local_files\` makes this file`,
        hint: () => hintFor(key, paths),
      }
    }
    case 'secret':
      return undefined
    case 'provider': {
      const parts = providerKey(key)
      if (parts === undefined) {
        const hint = 'such as `<<provider:server:0:node-info:privateNetworkAddress>>`'
        return { message: `${text} needs a group, an ordinal, a provider and a key`, hint }
      }
      const group = groups.find(parts.group)
      if (group === undefined) {
        const names = groups.specs().flatMap(({ name, aliases }) => [name, ...aliases])
        return {
          message: `${text}: there is no node group called ${quote(parts.group)}`,
          hint: () => hintFor(parts.group, names),
        }
      }
      if (/^\d+$/.test(parts.ordinal) && Number(parts.ordinal) < group.nodeCount) return undefined
      return {
        message: `${text}: node group ${quote(group.name)} has no node ${quote(parts.ordinal)}`,
        hint: `its nodes are 0 to ${group.nodeCount - 1}`,
      }
    }
    default:
      return {
        message: `${text}: there is no reference of type ${quote(type)}`,
        hint: () => hintFor(type, referenceTypes),
      }
  }
}
