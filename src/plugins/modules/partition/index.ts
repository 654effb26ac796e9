/**
 * Cuts nodes off, at the switch: frames are lost on their way, so that a sender sees them go and the receiver nothing.
 * Quarry itself still reaches every node.
 */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import { someNodes } from '../../../plugin/properties.ts'
import { lasting, untilOver } from '../../faults/until-over.ts'
import { isPlugged, pluggedNodes, type PluggedNode } from '../../network/plugged.ts'
import { etherMatch, filterPorts, type PortRules } from '../../network/rules.ts'

const properties = z.strictObject({
  isolate: someNodes().describe(
    'nodes that are cut off, together: `server`, `server:0` or a list. They still reach each other',
  ),
  from: someNodes().optional().describe('nodes that they are cut off from; all others when left out'),
  direction: z
    .enum(['both', 'out', 'in'])
    .default('both')
    .describe('`out`: only what the isolated nodes send is lost; `in`: only what is sent to them'),
  ports: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .optional()
    .describe('TCP and UDP ports, of either side, that are cut; everything when left out'),
  ...lasting,
})

export default defineModule({
  id: 'partition',
  summary:
    'cuts nodes off from others for a time: the network between them loses everything, or one direction',
  needs: [
    { type: 'tool', name: 'nft', package: 'nftables' },
    { type: 'kernel', option: 'CONFIG_NF_TABLES_NETDEV' },
    { type: 'kernel', option: 'CONFIG_NETFILTER_EGRESS' },
  ],
  properties,
  lifetime: 'dynamic',
  run: async (context, { isolate, from, direction, ports, duration: durationMs }) => {
    const isolated = pluggedNodes(context, isolate)
    const named = from === undefined ? context.nodes.filter(isPlugged) : pluggedNodes(context, from)
    const others = named.filter((node) => !isolated.includes(node))
    const [first] = isolated
    if (first === undefined || others.length === 0) {
      throw new UserError('a partition has nodes on both sides; here one side has none')
    }
    const names = (nodes: readonly PluggedNode[]): string[] => nodes.map(({ name }) => name)
    const value = { isolated: names(isolated), from: names(others), direction, ports: ports ?? 'all' }
    context.operation('invoke', value)
    const cuts = [
      ...(direction === 'in' ? [] : cut(isolated, others, ports)),
      ...(direction === 'out' ? [] : cut(others, isolated, ports)),
    ]
    const table = `partition_${randomBytes(4).toString('hex')}`
    {
      await using _cut = await filterPorts(first.network.switch, table, cuts, context.signal)
      context.log(`cut off: ${value.isolated.join(', ')} from ${value.from.join(', ')} (${direction})`)
      await untilOver(context, durationMs)
    }
    context.log('healed')
    context.operation('ok')
  },
})

/** What the senders send is lost before it gets to the receivers. */
function cut(
  senders: readonly PluggedNode[],
  receivers: readonly PluggedNode[],
  ports: readonly number[] | undefined,
): PortRules[] {
  const sent = etherMatch('saddr', senders)
  const set = `{ ${ports?.join(', ')} }`
  const rules =
    ports === undefined
      ? [`${sent} drop`]
      : ['dport', 'sport'].map((end) => `${sent} meta l4proto { tcp, udp } th ${end} ${set} drop`)
  return receivers.map(({ network }) => ({ port: network.port, hook: 'egress', rules }))
}
