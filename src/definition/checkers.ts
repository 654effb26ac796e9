/** The checkers of a workload. */
import type { ComponentUse } from '../model/definition.ts'
import { findComponent, useComponent } from './component.ts'
import type { LoadContext } from './context.ts'
import { checkName, readFields, readMap, readText, requireField } from './fields.ts'
import { hintFor } from '../base/nearest.ts'
import { quote } from './problems/quote.ts'
import { checkReferences, type Names } from './references.ts'
import type { Tree } from './tree.ts'

export function readCheckers(context: LoadContext, tree: Tree, names: Names): ComponentUse[] {
  const { registry, report } = context
  return [...readMap(report, tree, '`checkers`').values()].flatMap(({ key, keyAt, value }) => {
    checkName(report, keyAt, key, 'name of a checker')
    const where = `checker ${quote(key)}`
    const fields = readFields(report, value, where, ['checker', 'properties'])
    const id = requireField(report, fields, 'checker', { in: value, at: keyAt, where })?.value
    const text = id && readText(report, id, where)
    const component = id && text ? findComponent(registry, report, 'checker', text, id) : undefined
    if (component === undefined) return []
    const properties = fields.get('properties')?.value
    checkReferences(report, names, component, properties, keyAt)
    return useComponent(report, component, key, properties, keyAt) ?? []
  })
}

/** There is no contract for artifact checkers yet, so every one is unknown. */
export function rejectArtifactCheckers({ report }: LoadContext, tree: Tree): ComponentUse[] {
  for (const { key, keyAt, value } of readMap(report, tree, '`artifact_checkers`').values()) {
    const where = `artifact checker ${quote(key)}`
    const fields = readFields(report, value, where, ['artifact_checker', 'properties'])
    const id = requireField(report, fields, 'artifact_checker', { in: value, at: keyAt, where })?.value
    const text = id && readText(report, id, where)
    if (id && text) report(id, `there is no artifact checker called ${quote(text)}`, () => hintFor(text, []))
  }
  return []
}
