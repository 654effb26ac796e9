/** Makes the way between nodes slow or unreliable. What Quarry itself says to the nodes goes as fast as ever. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration, someNodes } from '../../../plugin/properties.ts'
import { lasting, untilOver } from '../../faults/until-over.ts'
import { isPlugged, pluggedNodes, type PluggedNode } from '../../network/plugged.ts'
import { etherMatch, filterPorts } from '../../network/rules.ts'
import { startEmulator } from './emulator.ts'

const percentage = z.number().min(0).max(100).default(0)
const bitsPer = { kbit: 1e3, mbit: 1e6, gbit: 1e9 } as const
const rate = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,3})?[kmg]bit$/, { error: 'is not a rate, such as 512kbit, 10mbit or 1gbit' })
  .transform((text) => Number.parseFloat(text) * bitsPer[text.slice(-4) as keyof typeof bitsPer])

const properties = z
  .strictObject({
    nodes: someNodes().describe('nodes whose links are slow: `server`, `server:0` or a list'),
    towards: someNodes()
      .optional()
      .describe('only what goes between them and these nodes is slow; to and from all nodes when left out'),
    direction: z
      .enum(['both', 'out', 'in'])
      .default('both')
      .describe('`out`: what these nodes send; `in`: what is sent to them'),
    delay: duration
      .default(0)
      .describe('how long each packet is held back, in each direction: a round trip takes twice that longer'),
    jitter: duration
      .default(0)
      .describe('the delay varies evenly by up to this much, more or less; packets keep their order'),
    loss: percentage.describe('percentage of the packets that are lost'),
    duplicate: percentage.describe('percentage of the packets that arrive twice'),
    reorder: percentage.describe('percentage of the packets that overtake those that are held back'),
    rate: rate.optional().describe('what a link carries in one direction, such as 10mbit'),
    queue: z
      .int()
      .min(1)
      .max(100_000)
      .default(1000)
      .describe('packets that wait in one direction of one link; more are lost'),
    ...lasting,
  })
  .refine(
    ({ delay, jitter, loss, duplicate, reorder, rate: limit }) =>
      [delay, jitter, loss, duplicate, reorder, limit ?? 0].some((value) => value > 0),
    { error: 'says nothing of how slow: give delay, jitter, loss, duplicate, reorder or rate' },
  )

export default defineModule({
  id: 'slow-link',
  summary:
    'delays, loses, duplicates or reorders packets between nodes for a time, or carries only so many bits',
  needs: [
    { type: 'tool', name: 'nft', package: 'nftables' },
    { type: 'tool', name: 'cc', package: 'gcc' },
    { type: 'file', path: '/usr/include/stdio.h', remedy: 'apt-get install -y libc6-dev' },
    { type: 'kernel', option: 'CONFIG_TUN' },
    { type: 'kernel', option: 'CONFIG_NFT_FWD_NETDEV' },
  ],
  properties,
  lifetime: 'dynamic',
  run: async (context, given) => {
    const slow = pluggedNodes(context, given.nodes)
    const all = context.nodes.filter(isPlugged)
    const towards = given.towards === undefined ? all : pluggedNodes(context, given.towards)
    const ways = waysBetween(all, slow, towards, given.direction)
    const [first] = slow
    if (first === undefined || ways.length === 0) {
      throw new UserError('a slow link has a node at each end; here there is only one')
    }
    context.operation('invoke', invocation(given, slow, towards))
    const at = first.network.switch
    const tap = `slow${randomBytes(4).toString('hex')}`
    const ports = all.map((node) => ({
      port: node.network.port,
      hardwareAddress: node.network.hardwareAddress,
      sendsSlowly: given.direction !== 'in' && slow.includes(node),
    }))
    const quality = { ...given, delayMs: given.delay, jitterMs: given.jitter, rate: given.rate ?? 0 }
    await using emulator = await startEmulator(at, tap, quality, ports, context.signal)
    {
      const rules = ways.map(({ sender, receivers }) => ({
        port: sender.network.port,
        hook: 'ingress' as const,
        rules: [`${etherMatch('daddr', receivers)} fwd to "${tap}"`],
      }))
      await using _slow = await filterPorts(at, tap, rules, context.signal)
      context.log(
        `slow: ${ways.map(({ sender, receivers }) => `${sender.name} to ${receivers.map(({ name }) => name).join(', ')}`).join('; ')}`,
      )
      const died = emulator.ended.then((): never => {
        throw new Error('the emulator of the slow link ended by itself')
      })
      await untilOver(context, given.duration, [died])
    }
    const counts = await emulator.stop()
    context.log(JSON.stringify(counts))
    context.operation('ok', counts)
  },
})

interface Way {
  readonly sender: PluggedNode
  readonly receivers: readonly PluggedNode[]
}

/** For each node that sends something slowly, to whom. */
function waysBetween(
  all: readonly PluggedNode[],
  slow: readonly PluggedNode[],
  towards: readonly PluggedNode[],
  direction: 'both' | 'out' | 'in',
): Way[] {
  const isSlow = (sender: PluggedNode, receiver: PluggedNode): boolean =>
    sender !== receiver &&
    ((direction !== 'in' && slow.includes(sender) && towards.includes(receiver)) ||
      (direction !== 'out' && slow.includes(receiver) && towards.includes(sender)))
  return all.flatMap((sender) => {
    const receivers = all.filter((receiver) => isSlow(sender, receiver))
    return receivers.length === 0 ? [] : [{ sender, receivers }]
  })
}

/** What the history says of it; times in ms, the rate in bits per second. */
function invocation(
  { nodes: _nodes, towards: _towards, ...quality }: z.infer<typeof properties>,
  slow: readonly PluggedNode[],
  towards: readonly PluggedNode[],
): object {
  const names = (nodes: readonly PluggedNode[]): string[] => nodes.map(({ name }) => name)
  return { nodes: names(slow), towards: names(towards), ...quality }
}
