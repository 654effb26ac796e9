/** Has a zod schema parse properties, and says where in the YAML each of its issues is. */
import type { z } from 'zod'
import { messageOf } from '../base/errors.ts'
import { holdsReference } from './deferred.ts'
import type { Span } from './position.ts'
import { hintFor, nearest } from '../base/nearest.ts'
import type { ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { descriptionAt, keysOf } from './schema-shape.ts'
import { describe, follow, valueOf, type Tree } from './tree.ts'

type Issue = z.core.$ZodIssue
type IssuePath = readonly PropertyKey[]

/**
 * The parsed value, or `undefined` after its problems were reported. `where` is such as ``module `bash` ``; `at` is
 * where a missing property is reported. What a reference stands for is not known yet, so that nothing is wrong with it;
 * if the schema cannot do without it, the value is that of `given` as it is.
 */
export function parseProperties(
  report: ReportAt,
  schema: z.ZodType,
  tree: Tree,
  where: string,
  at: Span,
): { readonly value: unknown } | undefined {
  const given = tree.type === 'scalar' && tree.value === null ? {} : valueOf(tree)
  try {
    let result = schema.safeParse(given)
    if (!result.success) result = schema.safeParse(coerce(given, tree, result.error.issues))
    if (result.success) return { value: result.data }
    const issues = result.error.issues.filter((issue) => !isDeferred(issue, tree))
    if (issues.length === 0) return { value: given }
    for (const issue of issues) reportIssue(report, issue, { schema, tree, where, at, above: [] })
  } catch (error) {
    report(at, `the properties of ${where} could not be checked: ${messageOf(error)}`)
  }
  return undefined
}

/** Whether an issue is about a value that a reference stands for. */
function isDeferred({ path }: Issue, tree: Tree): boolean {
  const { tree: found, found: exists } = follow(tree, path)
  return exists && found.type === 'scalar' && holdsReference(found)
}

/**
 * Where a schema wants a string, a number or boolean stands for its text; a string of digits stands for a number. A property
 * without a value is one that is not given: an empty parameter leaves it so.
 */
function coerce(given: unknown, tree: Tree, issues: readonly Issue[]): unknown {
  let value = given
  for (const issue of issues.flatMap(withBranches)) {
    const { tree: found, found: exists } = follow(tree, issue.path)
    if (!exists || found.type !== 'scalar') continue
    if (found.value === null) {
      if (issue.path.length === 1) value = without(value, issue.path[0])
      continue
    }
    if (issue.code !== 'invalid_type') continue
    if (issue.expected === 'string' && typeof found.value !== 'string') {
      value = put(value, issue.path, found.text)
    }
    const isNumeric = typeof found.value === 'string' && /^[-+]?\d+(\.\d+)?$/.test(found.text)
    if ((issue.expected === 'number' || issue.expected === 'int') && isNumeric) {
      value = put(value, issue.path, Number(found.text))
    }
  }
  return value
}

/** An issue, or those of all branches when none of a union fits, with whole paths. */
function withBranches(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  return issue.errors
    .flat()
    .flatMap(withBranches)
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}

function without(value: unknown, key: PropertyKey | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
}

function put(value: unknown, path: IssuePath, replacement: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return replacement
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === step ? put(item, rest, replacement) : item))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === step ? put(item, rest, replacement) : item]),
  )
}

interface Place {
  readonly schema: z.ZodType
  readonly tree: Tree
  readonly where: string
  readonly at: Span
  /** Path from the properties to the union that the issue is inside. */
  readonly above: IssuePath
}

function reportIssue(report: ReportAt, issue: Issue, place: Place): void {
  const path = [...place.above, ...issue.path]
  const { tree, found } = follow(place.tree, path)
  const name = path.length === 0 ? 'properties' : quote(path.map(String).join('.'))
  const here = found && path.length > 0 ? tree : path.length > 1 ? tree : place.at
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(place.schema, path)
    for (const key of issue.keys) {
      const keyAt = tree.type === 'map' ? tree.entries.get(key)?.keyAt : undefined
      const inside = path.length === 0 ? place.where : `${name} of ${place.where}`
      report(keyAt ?? here, `${inside} has no property ${quote(key)}`, () => hintFor(key, known))
    }
  } else if (!found) {
    if (isMisspelt(place.schema, path, tree)) return
    report(here, `${place.where} needs the property ${name}`, descriptionAt(place.schema, path))
  } else if (issue.code === 'invalid_union') {
    reportUnion(report, issue.errors, { ...place, above: path })
  } else {
    report(here, `${name} of ${place.where}: ${sentenceOf(issue, tree)}`, hintOf(issue, tree))
  }
}

/** Whether the property at `path` is there under a name like its own, which has been reported. */
function isMisspelt(schema: z.ZodType, path: IssuePath, parent: Tree): boolean {
  if (parent.type !== 'map') return false
  const known = keysOf(schema, path.slice(0, -1))
  const unknown = [...parent.entries.keys()].filter((key) => !known.includes(key))
  return nearest(String(path.at(-1)), unknown) !== undefined
}

/** Of all ways a union may be meant, the one that fails deepest in the value is what the person was writing. */
function reportUnion(report: ReportAt, branches: readonly (readonly Issue[])[], place: Place): void {
  const depthOf = (issues: readonly Issue[]): number =>
    Math.max(0, ...issues.map((issue) => issue.path.length))
  const deepest = branches.toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0] ?? []
  const expected = branches.flat().map(expectedBy)
  if (depthOf(deepest) > 0 || expected.includes(undefined)) {
    for (const issue of deepest) reportIssue(report, issue, place)
    return
  }
  const { tree } = follow(place.tree, place.above)
  const name = quote(place.above.map(String).join('.'))
  const found = tree.type === 'scalar' && tree.text ? quote(tree.text) : describe(tree)
  report(tree, `${name} of ${place.where}: expected ${[...new Set(expected)].join(' or ')}, not ${found}`)
}

/** What an issue of type or value wanted. */
function expectedBy(issue: Issue): string | undefined {
  if (issue.code === 'invalid_type') return article(issue.expected)
  return issue.code === 'invalid_value' ? issue.values.map(String).join(' or ') : undefined
}

function sentenceOf(issue: Issue, tree: Tree): string {
  if (issue.code === 'invalid_type') return `expected ${article(issue.expected)}, not ${describe(tree)}`
  if (issue.code !== 'invalid_value') return issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
  const found = tree.type === 'scalar' ? quote(tree.text) : describe(tree)
  return `expected ${issue.values.map(String).join(', ')}, not ${found}`
}

function hintOf(issue: Issue, tree: Tree): string | undefined {
  if (issue.code !== 'invalid_value' || tree.type !== 'scalar') return undefined
  const guess = nearest(tree.text, issue.values.map(String))
  return guess === undefined ? undefined : `did you mean ${quote(guess)}?`
}

const names: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  int: 'a whole number',
}
const article = (expected: string): string => names[expected] ?? `a ${expected}`
