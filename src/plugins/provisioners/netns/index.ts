import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import { isAlive } from '../../../base/process-tree.ts'
import { localNode, type LocalNodeOptions } from '../../../node/local.ts'
import { localFiles } from '../../../node/local-files.ts'
import { networkFiles } from '../../../node/netns/files.ts'
import { enterNamespaces, holdNamespaces } from '../../../node/netns/holder.ts'
import {
  hostNameOf,
  joinNetwork,
  networkState,
  type Port,
  type RunNetwork,
} from '../../../node/netns/switch.ts'
import { makeDirectories } from '../../../node/scratch.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import type { Node } from '../../../plugin/node.ts'

const properties = z.strictObject({
  mtu: z.int().min(576).max(9000).default(1500).describe('bytes of the largest packet that a node can send'),
})

/** What it takes to find the nodes again: their network, and the process that holds the namespaces of each. */
const stateOfGroup = z.object({
  network: networkState,
  nodes: z.array(z.object({ pid: z.int().positive(), started: z.string(), scratch: z.string() })),
})
type State = z.infer<typeof stateOfGroup>

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
    const { run, inRun, group, count, signal } = context
    await using stack = new AsyncDisposableStack()
    const network = stack.use(await joinNetwork(context))
    const directories = stack.use(await makeDirectories(context))
    const ports = await network.reserve(
      Array.from({ length: count }, (_, ordinal) => hostNameOf(group, ordinal)),
    )
    const started = await Promise.allSettled(
      ports.map((port, ordinal) =>
        startNode(
          { ...directories.of(ordinal), run, group, ordinal },
          port,
          network,
          mtu,
          inRun !== undefined,
        ),
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
    const state: State = {
      network: network.state,
      nodes: started.flatMap((one) => (one.status === 'fulfilled' ? [one.value.left] : [])),
    }
    const owned = stack.move()
    return { nodes, state, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
  resume: async (context, given) => {
    const { run, group, directory } = context
    const { network: switchLeft, nodes: left } = stateOfGroup.parse(given)
    await using stack = new AsyncDisposableStack()
    const network = stack.use(await joinNetwork(context, switchLeft))
    const ports = await network.reserve(left.map((_, ordinal) => hostNameOf(group, ordinal)))
    const nodes: Node[] = []
    for (const [ordinal, { pid, started, scratch }] of left.entries()) {
      const port = ports[ordinal]
      if (port === undefined || !isAlive({ pid, started })) {
        throw new EnvironmentError(`the namespaces of the kept node ${group}/${ordinal} are gone`, {
          code: 'QUARRY_KEPT_GONE',
        })
      }
      const artifacts = join(directory, String(ordinal))
      await mkdir(artifacts, { recursive: true })
      nodes.push(nodeIn(pid, { run, group, ordinal, scratch, artifacts }, port, network, stack))
    }
    const owned = stack.move()
    // What stands is in the ledger that it was left with.
    return { nodes, state: given, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
})

type Place = Pick<LocalNodeOptions, 'run' | 'group' | 'ordinal' | 'scratch' | 'artifacts'>

async function startNode(
  place: Place,
  port: Port,
  network: RunNetwork,
  mtu: number,
  outlives: boolean,
): Promise<{ readonly node: Node; readonly left: State['nodes'][number] } & AsyncDisposable> {
  const { run, group, ordinal, scratch } = place
  await using stack = new AsyncDisposableStack()
  const { hostsFile } = network
  const hostname = hostNameOf(group, ordinal)
  const holder = stack.use(
    await holdNamespaces({ run, hostname, scratch, hostsFile, outlives, links: port.links(mtu) }),
  )
  const { pid, started } = holder
  const node = nodeIn(pid, place, port, network, stack)
  const owned = stack.move()
  return { node, left: { pid, started, scratch }, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The node whose namespaces a process holds. */
function nodeIn(
  pid: number,
  place: Place,
  { address, name, hardwareAddress }: Port,
  network: RunNetwork,
  stack: AsyncDisposableStack,
): Node {
  // An open file of /proc/PID/net would keep the namespace.
  const files = stack.use(localFiles())
  return localNode({
    ...place,
    address,
    network: { port: name, hardwareAddress, switch: network.switch },
    files: networkFiles(files, pid),
    enter: (directory) => enterNamespaces(pid, directory),
  })
}
