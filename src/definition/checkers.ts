/** What judges a workload: checkers its history, artifact checkers the files that it left. */
import type { ComponentUse } from '../model/definition.ts'
import { findComponent, useComponent } from './component.ts'
import type { LoadContext } from './context.ts'
import { checkName, readFields, readMap, readText, requireField } from './fields.ts'
import { quote } from './problems/quote.ts'
import { checkReferences, type Names } from './references.ts'
import type { Tree } from './tree.ts'

/** The section of each kind, and the key that names the component. */
const sections = {
  checker: { section: 'checkers', key: 'checker', noun: 'checker' },
  'artifact-checker': { section: 'artifact_checkers', key: 'artifact_checker', noun: 'artifact checker' },
} as const

export function readCheckers(
  context: LoadContext,
  kind: keyof typeof sections,
  tree: Tree,
  names: Names,
): ComponentUse[] {
  const { registry, report } = context
  const { section, key: componentKey, noun } = sections[kind]
  return [...readMap(report, tree, quote(section)).values()].flatMap(({ key, keyAt, value }) => {
    checkName(report, keyAt, key, `name of a ${noun}`)
    const where = `${noun} ${quote(key)}`
    const fields = readFields(report, value, where, [componentKey, 'properties'])
    const id = requireField(report, fields, componentKey, { in: value, at: keyAt, where })?.value
    const text = id && readText(report, id, where)
    const component = id && text ? findComponent(registry, report, kind, text, id) : undefined
    if (component === undefined) return []
    const properties = fields.get('properties')?.value
    checkReferences(report, names, component, properties, keyAt)
    return useComponent(report, component, key, properties, keyAt) ?? []
  })
}
