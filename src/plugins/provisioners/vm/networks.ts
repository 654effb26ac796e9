/** TAP interfaces at the switch of the run: one for each card of each guest. */
import { createHash } from 'node:crypto'
import { EnvironmentError } from '../../../base/errors.ts'
import type { GuestCard } from '../../../lab/guest/settle.ts'
import type { NetworkCard } from '../../../lab/qemu/hardware.ts'
import { hostNameOf, joinNetwork, type Port, type RunNetwork } from '../../../node/netns/switch.ts'
import type { Node, NodeNetwork } from '../../../plugin/node.ts'
import type { ProvisionContext } from '../../../plugin/provisioner.ts'

/** The networks of a group of guests; disposing unplugs them. */
export interface GuestNetworks extends AsyncDisposable {
  /** Where QEMU is to be started; undefined where guests have no card. */
  readonly switch: Node | undefined
  /** Cards of a machine that is to become a snapshot. */
  readonly template: readonly NetworkCard[]
  of(ordinal: number): GuestPlugs
  /** Writes the names of all nodes of the run into the guests, now and when there are more. */
  tellNames(nodes: readonly Node[]): Promise<AsyncDisposable>
}

export interface GuestPlugs {
  readonly cards: readonly NetworkCard[]
  readonly settings: readonly GuestCard[]
  /** Of the first card. */
  readonly network?: NodeNetwork
  readonly address: string
}

const RUN = 'run'

/** Joins the network of the run where there are cards at all: that takes root. */
export async function plugIn(context: ProvisionContext, names: readonly string[]): Promise<GuestNetworks> {
  const { group, count } = context
  await using stack = new AsyncDisposableStack()
  if (names.length === 0) {
    const none = { cards: [], settings: [], address: '127.0.0.1' }
    const owned = stack.move()
    return {
      switch: undefined,
      template: [],
      of: () => none,
      tellNames: () => Promise.resolve(new AsyncDisposableStack()),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  }
  const network = stack.use(await joinNetwork(context))
  const ports = await network.reserve(
    Array.from({ length: count }, (_, ordinal) => hostNameOf(group, ordinal)),
  )
  const templateTaps = names.map((_, index) => `t${ports[0]?.number ?? 0}-${index}`)
  const guests = ports.map((port) => plugsOf(network, port, names))
  const taps = [...templateTaps, ...guests.flatMap(({ cards }) => cards.map(({ tap }) => tap))]
  await ip(network.switch, [
    ...taps.map((tap) => `tuntap add dev ${tap} mode tap`),
    ...taps.map((tap) => `link set ${tap} addrgenmode none up`),
  ])
  for (const [index, name] of names.entries()) {
    if (name === RUN) continue
    // Whoever comes first makes it.
    await network.switch.run(['ip', 'link', 'add', bridgeOf(name), 'type', 'bridge', 'forward_delay', '0'])
    const plugged = guests.map(({ cards }) => `link set ${cards[index]?.tap} master ${bridgeOf(name)}`)
    await ip(network.switch, [`link set ${bridgeOf(name)} addrgenmode none up`, ...plugged])
  }
  if (names.includes(RUN)) stack.use(await network.connect(ports))
  const owned = stack.move()
  return {
    switch: network.switch,
    template: templateTaps.map((tap, index) => ({
      name: `card${index}`,
      tap,
      hardwareAddress: `02:51:00:00:01:${index.toString(16).padStart(2, '0')}`,
    })),
    of: (ordinal) => guests[ordinal] ?? plugsOf(network, ports[0] ?? fail(), names),
    tellNames: (nodes) =>
      network.follow(async (hosts) => {
        await Promise.all(nodes.map((node) => node.writeFile('/etc/hosts', hosts)))
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const fail = (): never => {
  throw new Error('a group of guests has no port')
}

function plugsOf({ switch: at }: RunNetwork, port: Port, names: readonly string[]): GuestPlugs {
  const plugs = names.map((name, index) => {
    const isRun = name === RUN
    const tap = isRun ? port.name : `x${port.number}-${index}`
    const hardwareAddress = isRun
      ? port.hardwareAddress
      : port.hardwareAddress.replace('02:51', `02:5${index + 2}`)
    const address = isRun ? port.address : `${isolatedPrefix(name)}.${port.number}`
    return {
      card: { name: `card${index}`, tap, hardwareAddress },
      setting: { hardwareAddress, address: `${address}/24` },
      address,
    }
  })
  const [first] = plugs
  return {
    cards: plugs.map(({ card }) => card),
    settings: plugs.map(({ setting }) => setting),
    address: first?.address ?? '127.0.0.1',
    ...(first === undefined
      ? {}
      : { network: { switch: at, port: first.card.tap, hardwareAddress: first.card.hardwareAddress } }),
  }
}

/** Nobody but the guests is in it, so that the same addresses may be used elsewhere: 10.0.0.0/8 (RFC 1918). */
const isolatedPrefix = (name: string): string => {
  const [first = 0, second = 0] = createHash('sha256').update(name).digest()
  return `10.${first}.${second}`
}
const bridgeOf = (name: string): string => `br-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`

async function ip(at: Node, lines: readonly string[]): Promise<void> {
  const { ok, stderr } = await at.run(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` })
  if (ok) return
  throw new EnvironmentError(`cannot plug in guests: ${stderr.trim().slice(-500)}`, {
    code: 'QUARRY_TAP',
    remedy: 'use a kernel with CONFIG_TUN=y, or modprobe tun; see `quarry doctor`',
  })
}
