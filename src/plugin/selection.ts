/** Which nodes of a group a component works on: the properties `target.*`, as in Fallout. */
import { z } from 'zod'
import { seededRandom } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import type { Node } from './node.ts'
import { nodeGroup, refersTo } from './properties.ts'

const ordinals = z
  .union([
    z.literal('all'),
    z.int().min(0),
    z.array(z.int().min(0)),
    z.string().regex(/^\s*\d+(\s*,\s*\d+)*\s*$/),
  ])
  .transform((given): readonly number[] | 'all' => {
    if (given === 'all' || Array.isArray(given)) return given
    return String(given).split(',').map(Number)
  })

/** Properties for the schema of a component; by default all nodes of the group `fallback`. */
export const selectionProperties = (fallback: string) => ({
  target: nodeGroup(fallback).describe('node group whose nodes it works on'),
  'target.group': refersTo('node group', z.string().min(1).optional()).describe('another word for `target`'),
  'target.ordinals': ordinals.default('all').describe('nodes of the group by number: `all`, `0,2` or a list'),
  'target.strategy': z
    .enum(['WHITELIST', 'BLACKLIST'])
    .default('WHITELIST')
    .describe('whether the ordinals are those that it works on, or those that it leaves alone'),
  'target.number_of_nodes': z
    .int()
    .min(0)
    .default(0)
    .describe('so many of them, chosen at random; 0 for all'),
  'target.seed': z.int().optional().describe('makes the choice the same in every run'),
})

export type Selection = z.infer<z.ZodObject<ReturnType<typeof selectionProperties>>>

/** The nodes that are meant, in the order of their ordinals. Throws a UserError when there are none, or too few. */
export function selectNodes(group: (name: string) => readonly Node[], given: Selection): readonly Node[] {
  const name = given['target.group'] ?? given.target
  const all = group(name)
  const listed = given['target.ordinals']
  const missing = listed === 'all' ? [] : listed.filter((ordinal) => all[ordinal] === undefined)
  if (missing.length > 0) throw new UserError(`node group ${name} has no node ${missing.join(', ')}`)
  const inList = ({ ordinal }: Node): boolean => listed === 'all' || listed.includes(ordinal)
  const isWanted =
    given['target.strategy'] === 'WHITELIST' || listed === 'all' ? inList : (node: Node) => !inList(node)
  const wanted = all.filter(isWanted)
  const count = given['target.number_of_nodes']
  if (wanted.length === 0) throw new UserError(`no node of group ${name} is selected`)
  if (count > wanted.length)
    throw new UserError(`only ${wanted.length} nodes of group ${name} can be selected, not ${count}`)
  return count === 0 ? wanted : chosen(wanted, count, given['target.seed'])
}

/** `count` of them, each as likely as any other: the first of a shuffle (Fisher and Yates). */
function chosen(
  nodes: readonly Node[],
  count: number,
  seed = Math.floor(Math.random() * 2 ** 32),
): readonly Node[] {
  const random = seededRandom(seed)
  const rest = [...nodes]
  const picked = Array.from({ length: count }, () => rest.splice(random.below(rest.length), 1)).flat()
  return picked.toSorted((a, b) => a.ordinal - b.ordinal)
}

/** Nodes by words such as `server` and `server:0`, without doubles. Throws a UserError for a node that is not there. */
export function namedNodes(
  group: (name: string) => readonly Node[],
  given: string | readonly string[],
): readonly Node[] {
  const found = [given].flat().flatMap((word) => {
    const [name = '', ordinal] = word.split(':')
    const nodes = group(name)
    if (ordinal === undefined) return nodes
    const node = nodes[Number(ordinal)]
    if (node === undefined) throw new UserError(`there is no node ${word}: group ${name} has ${nodes.length}`)
    return [node]
  })
  return [...new Set(found)]
}
