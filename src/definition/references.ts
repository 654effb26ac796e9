/** Checks properties that name something in the definition, which a component marks in its schema. */
import { nounOf, type Component } from '../plugin/define.ts'
import { REFERS_TO, type Referent } from '../plugin/properties.ts'
import type { Groups } from './groups.ts'
import type { Span } from './position.ts'
import { hintFor } from '../base/nearest.ts'
import type { ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { defaultOf, metaOf, shapeOf } from './schema-shape.ts'
import type { Tree } from './tree.ts'

/** The names that there are. */
export interface Names {
  readonly groups: Groups
  /** Grows while the workload is read: complete for the checkers. */
  readonly modules: Set<string>
  readonly symptoms: ReadonlySet<string>
}

/** Reports every property of a component that names what is not there; `at` is where a default is reported. */
export const checkReferences = (
  report: ReportAt,
  names: Names,
  component: Component,
  properties: Tree | undefined,
  at: Span,
): void => {
  const what = `${nounOf(component.kind)} \`${component.id}\``
  checkNames(report, names, { schema: component.properties, what }, properties, at)
}

/** The same of a part of the definition that is no component. */
export function checkNames(
  report: ReportAt,
  names: Names,
  { schema: properties, what }: { readonly schema: Component['properties']; readonly what: string },
  tree: Tree | undefined,
  at: Span,
): void {
  for (const [key, schema] of Object.entries(shapeOf(properties))) {
    const referent = metaOf(schema, REFERS_TO)
    if (!isReferent(referent)) continue
    const where = `${quote(key)} of ${what}`
    const given = tree?.type === 'map' ? tree.entries.get(key)?.value : undefined
    const fallback = given === undefined ? defaultOf(schema) : undefined
    const found = given === undefined ? [] : namesIn(given, referent)
    for (const { name, place } of fallback === undefined ? found : [{ name: fallback, place: at }]) {
      checkName(report, names, referent, { name, place, where })
    }
  }
}

function checkName(
  report: ReportAt,
  { groups, modules, symptoms }: Names,
  referent: Referent,
  { name, place, where }: { readonly name: string; readonly place: Span; readonly where: string },
): void {
  if (referent === 'node group') {
    groups.check(name, place, where)
    return
  }
  if (referent === 'node') {
    const [group = '', ordinal] = name.split(':')
    groups.check(group, place, where)
    const count = groups.find(group)?.nodeCount ?? 0
    if (ordinal === undefined || count === 0 || Number(ordinal) < count) return
    report(place, `${where}: there is no node ${quote(name)}`, `group ${group} has ${count}, from ${group}:0`)
    return
  }
  const known = referent === 'module' ? modules : symptoms
  if (known.has(name)) return
  report(place, `${where}: there is no ${referent} called ${quote(name)}`, () => hintFor(name, [...known]))
}

/** Groups may have any name that is a word; lists of modules are written with commas, as in Fallout. */
function namesIn(tree: Tree, referent: Referent): { readonly name: string; readonly place: Span }[] {
  if (tree.type === 'list') return tree.items.flatMap((item) => namesIn(item, referent))
  if (tree.type !== 'scalar' || tree.value === null) return []
  const texts = referent.startsWith('node') ? [tree.text] : tree.text.split(',')
  return texts.map((text) => ({ name: text.trim(), place: tree }))
}

const isReferent = (text: string | undefined): text is Referent =>
  text === 'node group' || text === 'node' || text === 'module' || text === 'symptom'
