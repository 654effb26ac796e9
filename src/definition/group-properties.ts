/** Checks properties that name a node group, which a component marks in its schema. */
import { NODE_GROUP } from '../plugin/properties.ts'
import type { Component } from '../plugin/define.ts'
import type { Groups } from './groups.ts'
import { quote } from './problems/quote.ts'
import { metaOf, shapeOf } from './schema-shape.ts'
import { follow, type Tree } from './tree.ts'

/** Reports every property that names a group which is not there. */
export function checkGroupProperties(
  groups: Groups,
  component: Component,
  properties: unknown,
  tree: Tree,
): void {
  for (const [key, schema] of Object.entries(shapeOf(component.properties))) {
    if (metaOf(schema, NODE_GROUP) === undefined) continue
    const value: unknown =
      typeof properties === 'object' && properties !== null ? Reflect.get(properties, key) : undefined
    const at = follow(tree, [key]).tree
    if (typeof value === 'string') groups.check(value, at, `${quote(key)} of module \`${component.id}\``)
  }
}
