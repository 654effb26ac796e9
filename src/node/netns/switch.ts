/**
 * The network of a run: a bridge in a network namespace of its own, into which all nodes are plugged, and one cable
 * from there to this host. There, neither the packet filter nor the network manager of the host meddles with what the
 * nodes say to each other, and faults of the network are made without touching the host.
 */
import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EnvironmentError, UserError } from '../../base/errors.ts'
import { runProcess } from '../../base/process.ts'
import type { Node } from '../../plugin/node.ts'
import type { ProvisionContext } from '../../plugin/provisioner.ts'
import { localNode } from '../local.ts'
import { holdNamespaces } from './holder.ts'
import { linkOf } from './link.ts'
import { freeSubnets, type Subnet } from './subnet.ts'

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
  /**
   * One for each of the names, by which the nodes find each other from now on; the same one for a name that had one
   * before. Throws a UserError when it is full.
   */
  reserve(names: readonly string[]): Promise<readonly Port[]>
  /** Connects ports whose cables have been laid; disposing takes the cables away. */
  connect(ports: readonly Port[]): Promise<AsyncDisposable>
}

const BRIDGE = 'br0'
/** Host 1 of the subnet is the controller, 255 broadcast. */
const FIRST_NODE = 2
const LAST_NODE = 254

const inUse = new Map<string, { users: number; readonly opening: Promise<RunNetwork> }>()

/** The network of the run, made for the first who asks for it. */
export async function joinNetwork(context: ProvisionContext): Promise<RunNetwork> {
  const { run } = context
  const use = inUse.get(run) ?? { users: 0, opening: openNetwork(context) }
  inUse.set(run, use)
  use.users += 1
  const leave = async (): Promise<void> => {
    use.users -= 1
    if (use.users > 0) return
    inUse.delete(run)
    await (await use.opening)[Symbol.asyncDispose]()
  }
  try {
    return { ...(await use.opening), [Symbol.asyncDispose]: leave }
  } catch (error) {
    inUse.delete(run)
    throw error
  }
}

async function openNetwork({ run, ledger }: ProvisionContext): Promise<RunNetwork> {
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
      links: [
        'link set lo up',
        `link add ${BRIDGE} address 02:51:00:00:00:00 type bridge forward_delay 0 mcast_snooping 0`,
        `link set ${BRIDGE} addrgenmode none up`,
        `link add uplink type veth peer name ${uplink} netns ${process.pid}`,
        `link set uplink master ${BRIDGE} addrgenmode none up`,
      ],
    }),
  )
  const enter = (directory: string): readonly string[] => holder.enter(directory)
  const node = localNode({ run, group: 'switch', ordinal: 0, scratch, enter })
  const subnet = await takeSubnet(run, uplink)
  const hostsFile = join(scratch, 'hosts')
  await writeFile(hostsFile, `127.0.0.1 localhost\n::1 localhost\n${subnet.host(1)} controller\n`)
  const numbers = new Map<string, number>()
  const owned = stack.move()
  return {
    switch: node,
    hostsFile,
    reserve: async (names) => {
      const added = names.filter((name) => !numbers.has(name))
      const first = FIRST_NODE + numbers.size
      if (first + added.length - 1 > LAST_NODE) {
        throw new UserError(`a run has room for ${LAST_NODE - FIRST_NODE + 1} nodes of provisioner netns`)
      }
      for (const [index, name] of added.entries()) numbers.set(name, first + index)
      const portFor = (name: string): Port => portOf(numbers.get(name) ?? first, subnet, holder.pid)
      // Appended: what the nodes see is this very file, and at no time is a name missing.
      await appendFile(hostsFile, added.map((name) => `${portFor(name).address} ${name}\n`).join(''))
      return names.map(portFor)
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
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
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
