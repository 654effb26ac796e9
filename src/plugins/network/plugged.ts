/** The nodes that a fault of the network is for: those that are plugged into the switch of the run. */
import { UserError } from '../../base/errors.ts'
import type { ModuleContext } from '../../plugin/module.ts'
import type { Node, NodeNetwork } from '../../plugin/node.ts'
import { namedNodes } from '../../plugin/selection.ts'

export type PluggedNode = Node & { readonly network: NodeNetwork }

export const isPlugged = (node: Node): node is PluggedNode => node.network !== undefined

/** Nodes by words such as `server` and `server:0`, without doubles; a UserError when one has no network of its own. */
export function pluggedNodes(
  { group }: Pick<ModuleContext, 'group'>,
  given: string | readonly string[],
): readonly PluggedNode[] {
  return namedNodes(group, given).map((node) => {
    if (isPlugged(node)) return node
    throw new UserError(`node ${node.name} shares the network of its host, which no fault is made on`, {
      code: 'QUARRY_SHARED_NETWORK',
      remedy: `use nodes with a network of their own: ${node.group}: {provisioner: netns}`,
    })
  })
}
