/** Reads maps, texts, numbers, durations and choices out of a tree; what does not fit is a problem at its place. */
import { parseDuration } from '../base/duration.ts'
import type { Span } from './position.ts'
import { hintFor, nearest } from '../base/nearest.ts'
import type { ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { describe, type Entry, type ListTree, type Tree } from './tree.ts'

/** Entries of a map whose keys must be among `known`; `where` is such as ``symptom `slow` ``. No map: no entries. */
export function readFields(
  report: ReportAt,
  tree: Tree,
  where: string,
  known: readonly string[],
): ReadonlyMap<string, Entry> {
  const entries = readMap(report, tree, where)
  for (const { key, keyAt } of entries.values()) {
    if (known.includes(key)) continue
    report(keyAt, `${where} has no key ${quote(key)}`, () => hintFor(key, known))
  }
  return entries
}

/** The entry of a key that must be there; one that is there misspelt has been reported already. */
export function requireField(
  report: ReportAt,
  fields: ReadonlyMap<string, Entry>,
  key: string,
  missing: { readonly in: Tree; readonly at?: Span; readonly where: string; readonly hint?: string },
): Entry | undefined {
  const entry = fields.get(key)
  const isMap = missing.in.type === 'map'
  if (entry === undefined && isMap && nearest(key, fields.keys()) === undefined) {
    report(missing.at ?? missing.in, `${missing.where} needs \`${key}\``, missing.hint)
  }
  return entry
}

/** The value of a key; an empty one is none, because its lines may be commented out. */
export function givenField(fields: ReadonlyMap<string, Entry>, key: string): Tree | undefined {
  const value = fields.get(key)?.value
  return value?.type === 'scalar' && value.value === null ? undefined : value
}

/** Entries of a map with any keys. */
export function readMap(report: ReportAt, tree: Tree, where: string): ReadonlyMap<string, Entry> {
  if (tree.type === 'map') return tree.entries
  report(tree, `${where} must be a map of \`key: value\` lines, not ${describe(tree)}`)
  return new Map()
}

/** Items of a list. */
export function readList(report: ReportAt, tree: Tree, where: string): ListTree['items'] {
  if (tree.type === 'list') return tree.items
  report(tree, `${where} must be a list, not ${describe(tree)}`)
  return []
}

/** A text that is not blank; numbers and booleans stand for what was written. */
export function readText(report: ReportAt, tree: Tree, where: string): string | undefined {
  if (tree.type === 'scalar' && tree.value !== null && tree.text.trim() !== '') return tree.text
  report(tree, `${where} must be a text that is not blank, not ${describe(tree)}`)
  return undefined
}

/** A name that becomes part of paths: letters, digits, `_`, and after the first also `.` and `-`. */
export function readName(report: ReportAt, tree: Tree, where: string): string | undefined {
  const text = readText(report, tree, where)
  if (text === undefined || !checkName(report, tree, text, where)) return undefined
  if (/^\w[\w.-]{0,99}$/.test(text)) return text
  const wanted =
    'must be at most 100 letters, digits, `_`, `.` and `-`, and begin with a letter, a digit or `_`'
  report(tree, `${where} ${wanted}, not ${quote(text)}`)
  return undefined
}

/** Whether a name has no blanks in it; a problem says so otherwise. */
export function checkName(
  report: ReportAt,
  at: { start: number; end: number },
  name: string,
  where: string,
): boolean {
  if (/^\S+$/.test(name)) return true
  const dashed = name.trim().replaceAll(/\s+/g, '-')
  report(
    at,
    `${where} must be one word, not ${quote(name)}`,
    dashed === '' ? undefined : `such as ${quote(dashed)}`,
  )
  return false
}

/** Milliseconds. */
export function readDuration(report: ReportAt, tree: Tree, where: string): number | undefined {
  const milliseconds = tree.type === 'scalar' ? parseDuration(tree.text) : undefined
  if (milliseconds !== undefined && Number.isFinite(milliseconds)) return milliseconds
  const isNumber = tree.type === 'scalar' && /^\d+$/.test(tree.text)
  const hint = isNumber
    ? `with a unit: \`${tree.text.slice(0, 20)}s\`?`
    : 'such as `500ms`, `30s`, `2m` or `4h`'
  report(
    tree,
    `${where} must be a duration, not ${tree.type === 'scalar' && tree.text ? quote(tree.text) : describe(tree)}`,
    hint,
  )
  return undefined
}

/** Milliseconds, more than none. */
export function readPositiveDuration(report: ReportAt, tree: Tree, where: string): number | undefined {
  const milliseconds = readDuration(report, tree, where)
  if (milliseconds !== 0) return milliseconds
  report(tree, `${where} must be longer than 0`)
  return undefined
}

/** A whole number within bounds, also as a string of digits. */
export function readInteger(
  report: ReportAt,
  tree: Tree,
  where: string,
  bounds: { readonly min: number; readonly max: number },
): number | undefined {
  const value = tree.type === 'scalar' && /^[-+]?\d+$/.test(tree.text) ? Number(tree.text) : undefined
  if (value !== undefined && value >= bounds.min && value <= bounds.max) return value
  const found = tree.type === 'scalar' && tree.text ? quote(tree.text) : describe(tree)
  report(tree, `${where} must be a whole number from ${bounds.min} to ${bounds.max}, not ${found}`)
  return undefined
}

/** `true` or `false`. */
export function readBoolean(report: ReportAt, tree: Tree, where: string): boolean | undefined {
  if (tree.type === 'scalar' && typeof tree.value === 'boolean') return tree.value
  report(tree, `${where} must be true or false, not ${describe(tree)}`)
  return undefined
}

/** One of a few words. */
export function readChoice<T extends string>(
  report: ReportAt,
  tree: Tree,
  where: string,
  choices: readonly T[],
): T | undefined {
  const text = tree.type === 'scalar' ? tree.text : undefined
  const choice = choices.find((candidate) => candidate === text)
  if (choice !== undefined) return choice
  const found = text ? quote(text) : describe(tree)
  const guess = text === undefined ? undefined : nearest(text, choices)
  report(
    tree,
    `${where} must be one of ${choices.join(', ')}, not ${found}`,
    guess === undefined ? undefined : `did you mean \`${guess}\`?`,
  )
  return undefined
}

/** A list, or one value in its place. */
export const oneOrMany = (tree: Tree): readonly Tree[] => (tree.type === 'list' ? tree.items : [tree])
