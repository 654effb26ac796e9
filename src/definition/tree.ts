/** YAML as the loader sees it: maps, lists and scalars that know where they stand. */
import type { Span } from './position.ts'

export type ScalarValue = string | number | bigint | boolean | null

export interface ScalarTree extends Span {
  readonly type: 'scalar'
  readonly value: ScalarValue
  /** As written, with quotes, escapes and folding undone. */
  readonly text: string
  readonly style: 'plain' | 'single' | 'double' | 'block'
}

export interface ListTree extends Span {
  readonly type: 'list'
  readonly items: readonly Tree[]
}

export interface Entry {
  readonly key: string
  readonly keyAt: Span
  readonly value: Tree
}

export interface MapTree extends Span {
  readonly type: 'map'
  readonly entries: ReadonlyMap<string, Entry>
}

/** Aliases are shared, so this is a graph without cycles; `limits.values` bounds it when written out as a tree. */
export type Tree = ScalarTree | ListTree | MapTree

/** A map without entries, standing where something is left out. */
export const emptyMap = ({ start, end }: Span): MapTree => ({ type: 'map', entries: new Map(), start, end })

/** The plain value. A whole number beyond 2^53 stays as written, because a double would change it. */
export function valueOf(tree: Tree): unknown {
  switch (tree.type) {
    case 'scalar':
      return typeof tree.value === 'bigint' ? tree.text : tree.value
    case 'list':
      return tree.items.map(valueOf)
    case 'map':
      // fromEntries defines own properties, so a key `__proto__` is only a key.
      return Object.fromEntries([...tree.entries.values()].map(({ key, value }) => [key, valueOf(value)]))
  }
}

/** What it is, for messages: `a map`, `the number 3`. */
export function describe(tree: Tree): string {
  switch (tree.type) {
    case 'list':
      return tree.items.length === 0 ? 'an empty list' : 'a list'
    case 'map':
      return tree.entries.size === 0 ? 'an empty map' : 'a map'
    case 'scalar':
      if (tree.value === null) return 'nothing'
      if (tree.value === '') return 'an empty string'
      if (typeof tree.value === 'string') return 'a string'
      return `the ${typeof tree.value === 'boolean' ? 'boolean' : 'number'} ${tree.text.slice(0, 40)}`
  }
}

/** Where a path of keys and indices leads, or the nearest tree above it; `found` says whether it was reached. */
export function follow(
  root: Tree,
  path: readonly PropertyKey[],
): { readonly tree: Tree; readonly found: boolean } {
  let tree = root
  for (const step of path) {
    const next =
      tree.type === 'map'
        ? tree.entries.get(String(step))?.value
        : tree.type === 'list' && typeof step === 'number'
          ? tree.items[step]
          : undefined
    if (next === undefined) return { tree, found: false }
    tree = next
  }
  return { tree, found: true }
}
