/** Builds the tree from the YAML library's nodes: resolves aliases and merge keys, finds duplicates and bombs. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml'
import { limits } from './limits.ts'
import type { Span } from './position.ts'
import type { ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { emptyMap, type Entry, type MapTree, type ScalarTree, type ScalarValue, type Tree } from './tree.ts'

export interface TreeBuilder {
  /** The tree of a node, or `undefined` when it grows beyond its bounds. */
  build(node: ParsedNode): Tree | undefined
}

/** A tree, and its size and depth when its aliases are written out. */
interface Made {
  readonly tree: Tree
  readonly size: number
  readonly depth: number
}

/** A node that is being built has no tree yet: an alias to it would make a cycle. */
type Anchored = Made | 'open'

export function createTreeBuilder(report: ReportAt): TreeBuilder {
  const anchors = new Map<string, Anchored>()
  let tooLarge: Span | undefined

  function convert(node: unknown): Made {
    const at = spanOf(node)
    if (tooLarge !== undefined) return { tree: emptyMap(at), size: 1, depth: 0 }
    if (isAlias(node)) return resolve(node.source, at)
    const anchor = (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor
    if (anchor) anchors.set(anchor, 'open')
    const made = isMap(node) ? mapOf(node, at) : isSeq(node) ? listOf(node.items, at) : scalarOf(node, at)
    if (made.size > limits.values || made.depth > limits.depth) tooLarge ??= at
    if (anchor) anchors.set(anchor, made)
    return made
  }

  function resolve(name: string, at: Span): Made {
    const anchored = anchors.get(name)
    if (anchored === undefined) {
      report(at, `no anchor &${name.slice(0, 40)} before this alias`)
    } else if (anchored === 'open') {
      report(
        at,
        `alias *${name.slice(0, 40)} is inside what it stands for`,
        'a definition cannot contain itself',
      )
    } else {
      return anchored
    }
    return { tree: emptyMap(at), size: 1, depth: 0 }
  }

  function listOf(nodes: readonly unknown[], at: Span): Made {
    const made = nodes.map(convert)
    return { tree: { type: 'list', items: made.map(({ tree }) => tree), ...at }, ...sum(made) }
  }

  function mapOf(node: YAMLMap, at: Span): Made {
    const entries = new Map<string, Entry>()
    const merged: MapTree[] = []
    const values: Made[] = []
    for (const pair of node.items) {
      const keyAt = spanOf(pair.key)
      const value = pair.value === null ? { tree: nothing(keyAt), size: 1, depth: 0 } : convert(pair.value)
      const key = keyOf(pair.key)
      values.push({ ...value, size: value.size + ((key?.length ?? 0) >> 6) })
      if (key === undefined) {
        report(keyAt, 'a key must be a word', 'put it in quotes if it starts with `[`, `{`, `*` or `&`')
      } else if (key === '<<') {
        merged.push(...mergeSources(value.tree))
      } else if (entries.has(key)) {
        report(keyAt, `key ${quote(key)} is there twice`)
      } else {
        entries.set(key, { key, keyAt, value: value.tree })
      }
    }
    // A key of the map itself wins over a merged one, and an earlier source over a later one.
    for (const source of merged) {
      for (const entry of source.entries.values()) if (!entries.has(entry.key)) entries.set(entry.key, entry)
    }
    return { tree: { type: 'map', entries, ...at }, ...sum(values) }
  }

  function mergeSources(tree: Tree): MapTree[] {
    const sources = tree.type === 'list' ? tree.items : [tree]
    return sources.filter((source): source is MapTree => {
      if (source.type === 'map') return true
      report(source, 'only a map can be merged with `<<`')
      return false
    })
  }

  function keyOf(key: unknown): string | undefined {
    if (isAlias(key)) {
      const { tree } = resolve(key.source, spanOf(key))
      return tree.type === 'scalar' ? tree.text : undefined
    }
    // The text, not the value: `on: x` has the key `on`, not `true`.
    if (!isScalar(key)) return undefined
    if (key.anchor) anchors.set(key.anchor, scalarOf(key, spanOf(key)))
    return textOf(key)
  }

  return {
    build(node) {
      const { tree } = convert(node)
      if (tooLarge === undefined) return tree
      report(
        tooLarge,
        `more than ${limits.values} values, or ${limits.depth} inside one another, when all aliases are written out`,
        'is this a definition?',
      )
      return undefined
    },
  }
}

function sum(parts: readonly Made[]): Pick<Made, 'size' | 'depth'> {
  let [size, depth] = [1, 0]
  for (const part of parts) {
    size += part.size
    depth = Math.max(depth, part.depth)
  }
  return { size, depth: depth + 1 }
}

function scalarOf(node: unknown, at: Span): Made {
  if (!isScalar(node)) return { tree: nothing(at), size: 1, depth: 0 }
  const text = textOf(node)
  const style = styles[node.type ?? ''] ?? 'plain'
  const tree: ScalarTree = { type: 'scalar', value: scalarValue(node), text, style, ...at }
  return { tree, size: 1 + (text.length >> 6), depth: 0 }
}

const styles: Readonly<Record<string, ScalarTree['style']>> = {
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
}

function scalarValue({ value }: Scalar): ScalarValue {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
  }
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value
  return null
}

const textOf = (node: Scalar): string => (typeof node.value === 'string' ? node.value : (node.source ?? ''))

const nothing = ({ start, end }: Span): ScalarTree => ({
  type: 'scalar',
  value: null,
  text: '',
  style: 'plain',
  start,
  end,
})

function spanOf(node: unknown): Span {
  const range = isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? node.range : undefined
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 }
}
