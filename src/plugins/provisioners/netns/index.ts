import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { localNode, type LocalNodeOptions } from '../../../node/local.ts'
import { localFiles } from '../../../node/local-files.ts'
import { networkFiles } from '../../../node/netns/files.ts'
import { holdNamespaces } from '../../../node/netns/holder.ts'
import { joinNetwork, type Port, type RunNetwork } from '../../../node/netns/switch.ts'
import { makeDirectories } from '../../../node/scratch.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import type { Node } from '../../../plugin/node.ts'

const properties = z.strictObject({
  mtu: z.int().min(576).max(9000).default(1500).describe('bytes of the largest packet that a node can send'),
})

export default defineProvisioner({
  id: 'netns',
  summary:
    'network namespaces of this host: each node has an address and a name, on a network of the run, and a shared kernel',
  needs: [
    { type: 'root' },
    { type: 'capability', name: 'CAP_SYS_ADMIN' },
    { type: 'capability', name: 'CAP_NET_ADMIN' },
    { type: 'tool', name: 'ip', package: 'iproute2' },
    { type: 'tool', name: 'nsenter', package: 'util-linux' },
    { type: 'kernel', option: 'CONFIG_NET_NS' },
    { type: 'kernel', option: 'CONFIG_VETH' },
    { type: 'kernel', option: 'CONFIG_BRIDGE' },
  ],
  properties,
  provision: async (context, { mtu }) => {
    const { run, group, count, signal } = context
    await using stack = new AsyncDisposableStack()
    const network = stack.use(await joinNetwork(context))
    const directories = stack.use(await makeDirectories(context))
    const ports = await network.reserve(Array.from({ length: count }, (_, ordinal) => nameOf(group, ordinal)))
    const started = await Promise.allSettled(
      ports.map((port, ordinal) =>
        startNode({ ...directories.of(ordinal), run, group, ordinal }, port, network, mtu),
      ),
    )
    // Side by side, as they came up.
    stack.defer(async () => {
      await Promise.all(
        started.flatMap((one) => (one.status === 'fulfilled' ? [one.value[Symbol.asyncDispose]()] : [])),
      )
    })
    const nodes = started.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value.node
    })
    stack.use(await network.connect(ports))
    throwIfAborted(signal)
    const owned = stack.move()
    return { nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
})

/** Under this name the other nodes find it. */
const nameOf = (group: string, ordinal: number): string =>
  `${group.replaceAll(/[^\w.-]/g, '-').slice(0, 50)}-${ordinal}`

async function startNode(
  place: Pick<LocalNodeOptions, 'run' | 'group' | 'ordinal' | 'scratch' | 'artifacts'>,
  port: Port,
  network: RunNetwork,
  mtu: number,
): Promise<{ readonly node: Node } & AsyncDisposable> {
  const { run, group, ordinal, scratch } = place
  await using stack = new AsyncDisposableStack()
  const { hostsFile } = network
  const hostname = nameOf(group, ordinal)
  const holder = stack.use(
    await holdNamespaces({ run, hostname, scratch, hostsFile, links: port.links(mtu) }),
  )
  // An open file of /proc/PID/net would keep the namespace.
  const files = stack.use(localFiles())
  const { address, name, hardwareAddress } = port
  const node = localNode({
    ...place,
    address,
    network: { port: name, hardwareAddress, switch: network.switch },
    files: networkFiles(files, holder.pid),
    enter: (directory) => holder.enter(directory),
  })
  const owned = stack.move()
  return { node, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
