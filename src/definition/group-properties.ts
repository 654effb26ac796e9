/** Checks properties that name a node group, which a component marks in its schema. */
import { NODE_GROUP } from '../plugin/properties.ts'
import type { Component } from '../plugin/define.ts'
import type { Groups } from './groups.ts'
import type { Span } from './position.ts'
import { quote } from './problems/quote.ts'
import { defaultOf, metaOf, shapeOf } from './schema-shape.ts'
import type { Tree } from './tree.ts'

/** Reports every property that names a group which is not there; `at` is where a default is reported. */
export function checkGroupProperties(
  groups: Groups,
  component: Component,
  tree: Tree | undefined,
  at: Span,
): void {
  for (const [key, schema] of Object.entries(shapeOf(component.properties))) {
    if (metaOf(schema, NODE_GROUP) === undefined) continue
    const given = tree?.type === 'map' ? tree.entries.get(key)?.value : undefined
    const fallback = defaultOf(schema)
    const name = given?.type === 'scalar' ? given.text : fallback
    if (name !== undefined) groups.check(name, given ?? at, `${quote(key)} of module \`${component.id}\``)
  }
}
