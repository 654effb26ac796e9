/** Finds a component and has its own schema parse its properties. */
import { nounOf, type Component, type ComponentKind } from '../plugin/define.ts'
import type { ComponentOf, Registry } from '../plugin/registry.ts'
import type { ComponentUse } from '../model/definition.ts'
import type { LoadContext } from './context.ts'
import { holdsReference } from './deferred.ts'
import { readText } from './fields.ts'
import type { Span } from './position.ts'
import { hintFor } from '../base/nearest.ts'
import type { ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { parseProperties } from './properties.ts'
import { emptyMap, valueOf, type Tree } from './tree.ts'

/** The component with this id, whatever its case; an unknown one is a problem with the nearest name. */
export function findComponent<K extends ComponentKind>(
  registry: Registry,
  report: ReportAt,
  kind: K,
  id: string,
  at: Span,
): ComponentOf<K> | undefined {
  const component = registry.get(kind, id) ?? registry.get(kind, id.toLowerCase())
  if (component === undefined) {
    const ids = registry.all(kind).map((candidate) => candidate.id)
    report(at, `there is no ${nounOf(kind)} called ${quote(id)}`, () => hintFor(id, ids))
  }
  return component
}

/** The component that an id in the definition names; `where` is such as ``module of step `x` ``. */
export function readUse(
  { registry, report }: LoadContext,
  kind: ComponentKind,
  id: Tree,
  use: {
    readonly name: string | ((component: Component) => string)
    readonly where: string
    readonly properties: Tree | undefined
    /** Where a missing property is reported. */
    readonly at: Span
  },
): ComponentUse | undefined {
  const text = readText(report, id, use.where)
  const component = text === undefined ? undefined : findComponent(registry, report, kind, text, id)
  if (component === undefined) return undefined
  const name = typeof use.name === 'string' ? use.name : use.name(component)
  return useComponent(report, component, name, use.properties, use.at)
}

/** A component under a name, with its properties parsed; `at` is where missing properties are reported. */
export function useComponent(
  report: ReportAt,
  component: ComponentOf<ComponentKind>,
  name: string,
  properties: Tree | undefined,
  at: Span,
): ComponentUse | undefined {
  const given = properties ?? emptyMap(at)
  const where = `${nounOf(component.kind)} \`${component.id}\``
  const parsed = parseProperties(report, component.properties, given, where, at)
  if (parsed === undefined) return undefined
  const use = { name, component: component.id, properties: parsed.value }
  return holdsReference(given) ? { ...use, unresolved: valueOf(given) } : use
}
