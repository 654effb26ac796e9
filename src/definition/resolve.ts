/** Properties once what their references stand for is known. */
import type { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { replaceReferences, type Reference } from '../model/reference.ts'
import { parseProperties } from './properties.ts'
import type { ScalarValue, Tree } from './tree.ts'

/**
 * Replaces all references in properties as they were given and has the schema parse the result. `where` is such as
 * ``module `load` ``. Throws a UserError that says everything that is wrong with them.
 */
export function resolveProperties(
  schema: z.ZodType,
  unresolved: unknown,
  where: string,
  resolve: (reference: Reference) => string,
): unknown {
  const problems: string[] = []
  const nowhere = { start: 0, end: 0 }
  const tree = treeOf(replaceReferences(unresolved, resolve))
  const parsed = parseProperties((_, message) => problems.push(message), schema, tree, where, nowhere)
  if (parsed !== undefined) return parsed.value
  throw new UserError(`with its references resolved, ${problems.join('; ')}`, { code: 'QUARRY_REFERENCE' })
}

/** A plain value as the loader sees one; it stands nowhere. */
export function treeOf(value: unknown): Tree {
  const nowhere = { start: 0, end: 0 }
  if (Array.isArray(value)) return { type: 'list', items: value.map(treeOf), ...nowhere }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, { key, keyAt: nowhere, value: treeOf(item) }] as const,
    )
    return { type: 'map', entries: new Map(entries), ...nowhere }
  }
  const scalar = value as ScalarValue
  return {
    type: 'scalar',
    value: scalar,
    text: String(scalar ?? ''),
    style: 'double',
    ...nowhere,
  }
}
