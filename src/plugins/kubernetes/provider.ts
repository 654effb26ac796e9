/** The properties `provider.*`: what a manager says of the system that it brought. */
import { z } from 'zod'
import type { Node } from '../../plugin/node.ts'
import type { ProviderInfo } from '../../plugin/provider.ts'

export const providerProperties = {
  'provider.class': z
    .string()
    .min(1)
    .optional()
    .describe(
      'name of what there now is on the nodes, by the class that Fallout has for it: `a.b.CassandraContactPointProvider` is the provider `cassandra_contact_point_provider`',
    ),
  'provider.args': z
    .array(z.string())
    .default([])
    .describe('what it tells: `argument0` and so on, and the first of them as `contactPoint`'),
  'provider.is_nodegroup_provider': z.boolean().default(false).describe('whether it is on node 0 only'),
}

type Given = z.infer<z.ZodObject<typeof providerProperties>>

/** What to say of which node; nothing when no class is given. */
export function givenProvider(
  given: Given,
  nodes: readonly Node[],
): { readonly node: Node; readonly name: string; readonly info: ProviderInfo }[] {
  const simple = given['provider.class']?.split(/[.$]/).at(-1)
  if (simple === undefined) return []
  const name = simple.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase()
  const args = given['provider.args']
  const info = {
    ...Object.fromEntries(args.map((value, index) => [`argument${index}`, value])),
    ...(args[0] === undefined ? {} : { contactPoint: args[0] }),
  }
  const meant = given['provider.is_nodegroup_provider'] ? nodes.slice(0, 1) : nodes
  return meant.map((node) => ({ node, name, info }))
}
