/**
 * The network of a run: a bridge in a network namespace of its own, into which all nodes are plugged, and one cable
 * from there to this host. There, neither the packet filter nor the network manager of the host meddles with what the
 * nodes say to each other, and faults of the network are made without touching the host.
 */
import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { EnvironmentError, UserError } from '../../base/errors.ts'
import { runProcess } from '../../base/process.ts'
import { isAlive } from '../../base/process-tree.ts'
import type { Node } from '../../plugin/node.ts'
import type { ProvisionContext } from '../../plugin/provisioner.ts'
import { localNode } from '../local.ts'
import { enterNamespaces, holdNamespaces } from './holder.ts'
import { linkOf } from './link.ts'
import { freeSubnets, subnetOf, type Subnet } from './subnet.ts'

/** A place in the network for a node. */
export interface Port {
  /** Host number in the subnet. */
  readonly number: number
  /** Interface of the switch. */
  readonly name: string
  readonly address: string
  readonly hardwareAddress: string
  /** Lines of `ip -batch` that, run in the namespace of the node, lay the cable and give it the address. */
  links(mtu: number): readonly string[]
}

/** Disposing leaves it; it is taken down with the last one who does. */
export interface RunNetwork extends AsyncDisposable {
  /** Runs commands where the ports are. */
  readonly switch: Node
  /** Names of the nodes, to be laid over /etc/hosts. */
  readonly hostsFile: string
  /** What it takes to find it again when it was left. */
  readonly state: NetworkState
  /**
   * One for each of the names, by which the nodes find each other from now on; the same one for a name that had one
   * before. Throws a UserError when it is full.
   */
  reserve(names: readonly string[]): Promise<readonly Port[]>
  /** Connects ports whose cables have been laid; disposing takes the cables away. */
  connect(ports: readonly Port[]): Promise<AsyncDisposable>
  /** Has the names told to nodes that do not see the file: now, and whenever some are added. Disposing ends it. */
  follow(tell: (hosts: string) => Promise<void>): Promise<AsyncDisposable>
}

export const networkState = z.object({
  /** The process that holds the namespace of the switch. */
  pid: z.int().positive(),
  started: z.string(),
  scratch: z.string(),
  subnet: z.string(),
})
export type NetworkState = z.infer<typeof networkState>

const BRIDGE = 'br0'
/** Host 1 of the subnet is the controller, 255 broadcast. */
const FIRST_NODE = 2
const LAST_NODE = 254
/** In the scratch directory of the switch. */
const HOSTS = 'hosts'

/** Under this name the other nodes find one. */
export const hostNameOf = (group: string, ordinal: number): string =>
  `${group.replaceAll(/[^\w.-]/g, '-').slice(0, 50)}-${ordinal}`

const inUse = new Map<string, { users: number; readonly opening: Promise<RunNetwork> }>()

/**
 * The network of the run, made for the first who asks for it; that which an earlier run left, for one who knows of it.
 * Rejects with an EnvironmentError when that is gone, or when the nodes of the run are in another already.
 */
export async function joinNetwork(context: ProvisionContext, left?: NetworkState): Promise<RunNetwork> {
  const run = context.inRun?.id ?? context.run
  const use = inUse.get(run) ?? {
    users: 0,
    opening: left === undefined ? openNetwork(context) : findNetwork(context.run, left),
  }
  inUse.set(run, use)
  use.users += 1
  const leave = async (): Promise<void> => {
    use.users -= 1
    if (use.users > 0) return
    inUse.delete(run)
    await (await use.opening)[Symbol.asyncDispose]()
  }
  let network: RunNetwork
  try {
    network = await use.opening
  } catch (error) {
    inUse.delete(run)
    throw error
  }
  if (left !== undefined && left.pid !== network.state.pid) {
    await leave()
    throw new EnvironmentError(
      'node groups that were kept apart are in two networks, and cannot be used in one run',
      {
        code: 'QUARRY_KEPT_GONE',
      },
    )
  }
  return { ...network, [Symbol.asyncDispose]: leave }
}

async function openNetwork({ run, inRun, ledger }: ProvisionContext): Promise<RunNetwork> {
  await using stack = new AsyncDisposableStack()
  const scratch = join(tmpdir(), `quarry-${run}-network-${randomBytes(6).toString('hex')}`)
  stack.use(await ledger.record({ type: 'path', path: scratch }))
  await mkdir(scratch, { mode: 0o700 })
  const uplink = linkOf(run)
  stack.use(await ledger.record({ type: 'link', name: uplink }))
  const holder = stack.use(
    await holdNamespaces({
      run,
      hostname: 'switch',
      scratch,
      outlives: inRun !== undefined,
      links: [
        'link set lo up',
        `link add ${BRIDGE} address 02:51:00:00:00:00 type bridge forward_delay 0 mcast_snooping 0`,
        `link set ${BRIDGE} addrgenmode none up`,
        `link add uplink type veth peer name ${uplink} netns ${process.pid}`,
        `link set uplink master ${BRIDGE} addrgenmode none up`,
      ],
    }),
  )
  const subnet = await takeSubnet(run, uplink)
  const hosts = `127.0.0.1 localhost\n::1 localhost\n${subnet.host(1)} controller\n`
  await writeFile(join(scratch, HOSTS), hosts)
  const { pid, started } = holder
  const owned = stack.move()
  return networkOf(run, { pid, started, scratch, subnet: subnet.cidr }, new Map(), () => owned.disposeAsync())
}

/** One that was left. What stands is in the ledger that it was left with: whoever leaves it takes nothing down. */
async function findNetwork(run: string, left: NetworkState): Promise<RunNetwork> {
  if (!isAlive(left)) {
    throw new EnvironmentError('the network of a kept node group is gone', { code: 'QUARRY_KEPT_GONE' })
  }
  const numbers = new Map<string, number>()
  for (const line of (await readFile(join(left.scratch, HOSTS), 'utf8')).split('\n')) {
    const [, number, name] = /^198\.1[89]\.\d+\.(\d+) (\S+)$/.exec(line) ?? []
    if (name !== undefined && Number(number) >= FIRST_NODE) numbers.set(name, Number(number))
  }
  return networkOf(run, left, numbers, () => Promise.resolve())
}

/** `numbers` are those of the hosts that have a name by now. */
function networkOf(
  run: string,
  state: NetworkState,
  numbers: Map<string, number>,
  dispose: () => Promise<void>,
): RunNetwork {
  const { pid, scratch } = state
  const subnet = subnetOf(state.subnet)
  const hostsFile = join(scratch, HOSTS)
  const enter = (directory: string): readonly string[] => enterNamespaces(pid, directory)
  const node = localNode({ run, group: 'switch', ordinal: 0, scratch, enter })
  const followers = new Set<(hosts: string) => Promise<void>>()
  return {
    switch: node,
    hostsFile,
    state,
    reserve: async (names) => {
      const added = names.filter((name) => !numbers.has(name))
      const first = FIRST_NODE + numbers.size
      if (first + added.length - 1 > LAST_NODE) {
        throw new UserError(`a run has room for ${LAST_NODE - FIRST_NODE + 1} nodes of provisioner netns`)
      }
      for (const [index, name] of added.entries()) numbers.set(name, first + index)
      const portFor = (name: string): Port => portOf(numbers.get(name) ?? first, subnet, pid)
      // Appended: what the nodes see is this very file, and at no time is a name missing.
      await appendFile(hostsFile, added.map((name) => `${portFor(name).address} ${name}\n`).join(''))
      if (added.length > 0) {
        const hosts = await readFile(hostsFile, 'utf8')
        await Promise.all([...followers].map((tell) => tell(hosts)))
      }
      return names.map(portFor)
    },
    follow: async (tell) => {
      followers.add(tell)
      await tell(await readFile(hostsFile, 'utf8'))
      return {
        [Symbol.asyncDispose]: () => {
          followers.delete(tell)
          return Promise.resolve()
        },
      }
    },
    connect: async (ports) => {
      // Interfaces of one group go at once, and not one after another.
      const group = ports[0]?.number ?? 0
      const lines = ports.map(
        ({ name }) => `link set ${name} master ${BRIDGE} group ${group} addrgenmode none up\n`,
      )
      const { ok, stderr } = await node.run(['ip', '-batch', '-'], { input: lines.join('') })
      if (!ok) throw refused('connect the nodes of the run', stderr)
      return {
        [Symbol.asyncDispose]: async () => {
          // Gone already with the namespaces of the nodes, if those have ended.
          await node.run(['ip', 'link', 'delete', 'group', String(group)])
        },
      }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

function portOf(number: number, subnet: Subnet, switchPid: number): Port {
  const address = subnet.host(number)
  // Locally administered, and told from the address, so that a capture can be read.
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  const hardwareAddress = ['02', '51', ...bytes].join(':')
  const name = `n${number}`
  return {
    number,
    name,
    address,
    hardwareAddress,
    links: (mtu) => [
      'link set lo up',
      `link add eth0 address ${hardwareAddress} mtu ${mtu} type veth peer name ${name} mtu ${mtu} netns ${switchPid}`,
      `address add ${address}/24 brd + dev eth0`,
      'link set eth0 up',
    ],
  }
}

/**
 * Takes a subnet that nothing on this host uses. The route is the lock: of two who add it at the same time the kernel
 * refuses one, and it goes with the interface.
 */
async function takeSubnet(run: string, link: string): Promise<Subnet> {
  const ip = (...words: readonly string[]): ReturnType<typeof runProcess> =>
    runProcess(['ip', ...words], { env: { QUARRY_RUN: run } })
  const up = await ip('link', 'set', link, 'up')
  if (!up.ok) throw refused(`use ${link}`, up.stderr)
  const used = [await ip('-4', '-oneline', 'address'), await ip('-4', 'route', 'show', 'table', 'all')]
  const taken = used.flatMap(({ stdout }) => stdout.match(/\b\d+\.\d+\.\d+\.\d+(?:\/\d+)?/g) ?? [])
  for (const subnet of freeSubnets(run, taken)) {
    const route = await ip('route', 'add', subnet.cidr, 'dev', link)
    if (!route.ok && route.stderr.includes('File exists')) continue
    const added = route.ok
      ? await ip('address', 'add', `${subnet.host(1)}/24`, 'dev', link, 'noprefixroute')
      : route
    if (!added.ok) throw refused(`use the subnet ${subnet.cidr}`, added.stderr)
    return subnet
  }
  throw new EnvironmentError('no part of 198.18.0.0/15 is free for the network of the run', {
    code: 'QUARRY_NO_SUBNET',
    remedy: 'see who uses it: ip route show table all | grep 198.1',
  })
}

const refused = (what: string, stderr: string): EnvironmentError =>
  new EnvironmentError(`cannot ${what}: ${stderr.trim().slice(-500)}`, {
    code: 'QUARRY_NETNS',
    remedy: 'see `quarry doctor`',
  })
