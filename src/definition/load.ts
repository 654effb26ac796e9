/** From the text of a definition to its model, or to everything that is wrong with it. */
import type { Position, Problem } from '../base/errors.ts'
import type { Definition } from '../model/definition.ts'
import type { Registry } from '../plugin/registry.ts'
import { contentOffset } from './content-offset.ts'
import type { LoadContext, PromqlChecks } from './context.ts'
import { checkText } from './text.ts'
import { isPath, override, overriding, valueAt } from './overrides.ts'
import { checkUnused, overlay, readDefaults, usedValues } from './parameters.ts'
import { lineTable, originOf, overlapsMissing, type Span } from './position.ts'
import { createProblems, type Hint, type Problems, type ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { readSections } from './sections.ts'
import { splitText } from './split.ts'
import { renderTemplate, type Rendered } from './template.ts'
import { valueOf, type MapTree, type Tree } from './tree.ts'
import { parseYaml } from './yaml.ts'

export interface LoadInput {
  /** Name for messages; it is not read. */
  readonly file: string
  readonly text: string
  /** Values as on the command line, parsed as YAML. */
  readonly parameters: Readonly<Record<string, string>>
  readonly registry: Registry
  readonly validatePromql?: PromqlChecks['validate']
  readonly selectorsOf?: PromqlChecks['selectorsOf']
  /** False for `watch`, whose workload is the world. */
  readonly requireWorkload?: boolean
}

export interface Loaded {
  /** There when there are no problems. */
  readonly definition?: Definition
  /** All of them, in the order of the file. */
  readonly problems: readonly Problem[]
}

/** Never throws on any text, and takes no longer than a second on the most hostile. */
export function loadDefinition(input: LoadInput): Loaded {
  const problems = createProblems()
  const definition = load(input, problems)
  return definition === undefined || problems.count > 0
    ? { problems: problems.list() }
    : { definition, problems: [] }
}

/** A plug-in by the name that the definition gives it. */
export interface NamedPlugin extends Position {
  readonly name: string
}

/** The plug-ins that a definition names, which must be loaded before it can be. What is wrong is for `loadDefinition` to say. */
export function pluginsNamed(input: LoadInput): NamedPlugin[] {
  const parsed = parse(input, createProblems())
  const list = parsed?.tree?.type === 'map' ? parsed.tree.entries.get('plugins')?.value : undefined
  if (parsed === undefined || list?.type !== 'list') return []
  return list.items.flatMap((item) =>
    item.type === 'scalar' && item.text !== '' ? [{ name: item.text, ...parsed.positionOf(item) }] : [],
  )
}

/**
 * The `hunt` section as it stands, before its factors have values: a hunt sets them, and then loads the definition. What
 * is wrong is for `loadDefinition` to say.
 */
export function huntNamed(input: LoadInput): unknown {
  const parsed = parse(input, createProblems())
  const hunt = parsed?.tree?.type === 'map' ? parsed.tree.entries.get('hunt')?.value : undefined
  return hunt === undefined ? undefined : valueOf(hunt)
}

/** What these parameters are in the definition as it stands, by name; those that it does not say are left out. */
export function valuesOf(input: LoadInput, names: readonly string[]): Record<string, unknown> {
  const parsed = parse(input, createProblems())
  if (parsed === undefined) return {}
  const { tree, values } = parsed
  return Object.fromEntries(
    names.flatMap((name) => {
      const entry = values.entries.get(name)
      const value = isPath(name) ? valueAt(tree, name) : entry && valueOf(entry.value)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

interface Parsed {
  readonly tree: Tree
  readonly context: LoadContext
  readonly values: MapTree
  readonly rendered: Rendered
  positionOf(at: Span): Position
}

function load(input: LoadInput, problems: Problems): Definition | undefined {
  const parsed = parse(input, problems)
  if (parsed === undefined) return undefined
  const { tree, context, values, rendered } = parsed
  return {
    file: input.file,
    ...readSections(context, tree, input.requireWorkload ?? true),
    parameters: { ...usedValues(values, rendered.used), ...overriding(input.parameters) },
    text: { source: input.text, expanded: rendered.text },
  }
}

/** Renders the template and parses what comes of it. */
function parse(input: LoadInput, problems: Problems): Parsed | undefined {
  const { file, registry } = input
  const text = checkText(input, problems)
  if (text === undefined) return undefined
  const lines = lineTable(file, text)
  const reportFrom =
    (offset: number): ReportAt =>
    (at, message, hint) =>
      problems.add(lines.at(offset + at.start), message, hint)
  const reportParameter = (message: string, hint?: Hint): void => problems.add(lines.at(0), message, hint)

  const { defaults: defaultsPiece, definition: piece, ignored } = splitText(text)
  for (const { offset } of ignored) {
    const hint =
      'a file has defaults, one line `---`, and the definition; indent a `---` that belongs to a text'
    problems.add(
      lines.at(offset),
      'this part, between two lines `---`, is neither defaults nor definition',
      hint,
    )
  }
  const defaults = readDefaults(defaultsPiece?.text ?? '', reportFrom(defaultsPiece?.offset ?? 0))
  const ofTags = Object.fromEntries(Object.entries(input.parameters).filter(([name]) => !isPath(name)))
  const values = overlay(defaults, ofTags, reportParameter)
  const rendered = renderTemplate(piece.text, values, reportFrom(piece.offset))
  if (rendered === undefined) return undefined
  checkUnused(ofTags, defaults, rendered.used, reportParameter)

  const context: LoadContext = {
    registry,
    report: reportThrough(rendered, reportFrom(piece.offset)),
    promql: { validate: input.validatePromql, selectorsOf: input.selectorsOf },
    contentOffset: (scalar, offset) => contentOffset(rendered.text, scalar, offset),
  }
  let isBroken = false
  const tree = parseYaml(rendered.text, (at, message, hint) => {
    isBroken = true
    context.report(at, message, valueHint(rendered, at.start) ?? hint)
  })
  if (tree === undefined) {
    if (!isBroken) {
      problems.add(lines.at(piece.offset), 'the definition is empty', 'it needs a `workload` at least')
    }
    return undefined
  }
  const positionOf = (at: Span): Position =>
    lines.at(piece.offset + originOf(rendered.segments, at.start).offset)
  return {
    tree: override(tree, input.parameters, reportParameter),
    context,
    values,
    rendered,
    positionOf,
  }
}

/** Where a value of the template breaks the YAML around it, that value. */
function valueHint({ segments, text }: Rendered, offset: number): string | undefined {
  const index = segments.findLastIndex(({ renderedStart }) => renderedStart <= offset)
  const segment = segments[index]
  if (segment?.type !== 'value') return undefined
  const value = text.slice(segment.renderedStart, segments[index + 1]?.renderedStart)
  return `the template puts ${quote(value)} here: put quotes around the tag, or around the value`
}

/**
 * Leads places of the expanded text back to the template. What stands where a value is missing is wrong only because
 * of that, which has been reported.
 */
function reportThrough({ segments }: Rendered, report: ReportAt): ReportAt {
  return (at, message, hint) => {
    // A map or a list is wrong where it begins; a scalar may be wrong by any of its parts.
    const end = 'type' in at && at.type !== 'scalar' ? at.start : at.end
    if (overlapsMissing(segments, { start: at.start, end })) return
    const { offset } = originOf(segments, at.start)
    report({ start: offset, end: offset + 1 }, message, hint)
  }
}
