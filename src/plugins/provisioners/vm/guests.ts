/** From what a definition says to machines under way. */
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess, type RunningProcess } from '../../../base/process.ts'
import { BULK_BYTES, BULK_DISK } from '../../../lab/guest/bulk.ts'
import { guestNode } from '../../../lab/guest/node.ts'
import { outsideOf, watchConsole } from '../../../lab/guest/outside.ts'
import { settle } from '../../../lab/guest/settle.ts'
import type { Disk, DiskLimits, Hardware, NetworkCard, Throttle } from '../../../lab/qemu/hardware.ts'
import { startMachine } from '../../../lab/qemu/machine.ts'
import { snapshotOf, type Snapshot } from '../../../lab/qemu/snapshot.ts'
import { watchStarvation } from '../../../lab/qemu/starvation.ts'
import { shortDirectory } from '../../../lab/short-directory.ts'
import { hostNameOf } from '../../../node/netns/switch.ts'
import type { Node } from '../../../plugin/node.ts'
import type { ProvisionContext } from '../../../plugin/provisioner.ts'
import type { Bootables } from './bootables.ts'
import type { GuestNetworks } from './networks.ts'
import type { VmProperties } from './properties.ts'

/** What all guests of a group have in common. */
export interface Guests {
  readonly context: ProvisionContext
  readonly given: VmProperties
  readonly things: Bootables
  readonly networks: GuestNetworks
}

/** The machine that they go on from, booted when there is none; none where each is to boot by itself. */
export async function templateOf(guests: Guests): Promise<Snapshot | undefined> {
  const { context, given, things, networks } = guests
  if (given.start === 'boot') return undefined
  await using directory = await shortDirectory(context.ledger)
  return await snapshotOf({
    hardware: hardwareOf(guests, await emptyDisks(given, directory.path), networks.template),
    contents: [...things.keys, ...Object.values(given.disks).map(({ size }) => String(size))],
    ledger: context.ledger,
    spawn: (command) => spawn(guests, command),
    signal: context.signal,
  })
}

/** Starts one; disposing pulls its plug. */
export async function startGuest(
  guests: Guests,
  ordinal: number,
  snapshot: Snapshot | undefined,
): Promise<{ readonly node: Node } & AsyncDisposable> {
  const { context, given, things, networks } = guests
  const { group, directory, ledger, signal, note } = context
  const name = `${group}/${ordinal}`
  await using stack = new AsyncDisposableStack()
  const artifacts = join(directory, String(ordinal))
  await mkdir(artifacts, { recursive: true })
  const short = stack.use(await shortDirectory(ledger))
  const plugs = networks.of(ordinal)
  const place = { directory: short.path, console: join(artifacts, 'console.log') }
  const machine = stack.use(
    await startMachine({
      name,
      hardware: hardwareOf(guests, await emptyDisks(given, short.path), plugs.cards),
      memory: snapshot === undefined ? { type: 'own' } : { type: 'copy', file: snapshot.memory },
      ...(snapshot === undefined ? {} : { state: snapshot.state }),
      place,
      spawn: (command) => spawn(guests, command),
      signal,
    }),
  )
  const known = new Set<string>()
  stack.use(
    watchConsole(machine, ({ title }) => {
      if (!known.has(title)) note(`kernel of ${name}: ${title}`)
      known.add(title)
    }),
  )
  const uptimeNs = await machine.guest.setClock()
  const nowNs = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))
  const { address, network } = plugs
  const { symbols } = things.kernel
  const node = stack.use(
    await guestNode({
      run: context.run,
      group,
      ordinal,
      guest: machine.guest,
      filesPath: join(short.path, 'files'),
      bulkPath: join(short.path, `${BULK_DISK}.disk`),
      address,
      machine: outsideOf(machine, {
        bootedAtNs: nowNs - uptimeNs,
        ...(symbols === undefined ? {} : { symbols }),
      }),
      ...(network === undefined ? {} : { network }),
    }),
  )
  const disks = Object.entries(given.disks).map(([disk, { mount, format }]) => ({
    name: disk,
    format,
    ...(mount === undefined ? {} : { mount }),
  }))
  await settle(node, { hostname: hostNameOf(group, ordinal), cards: plugs.settings, disks })
  stack.use(watchStarvation(machine, (sentence) => note(`${name} ${sentence}`)))
  const owned = stack.move()
  return { node, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Looks at guests go before guests; among these, each processor has the same share of the host's. */
const NICE = ['nice', '-n', '5']

/** Where the switch is, if there is one: its TAP interfaces are there. */
async function spawn({ context, networks }: Guests, words: readonly string[]): Promise<RunningProcess> {
  const command = [...NICE, ...words]
  // Not bound to a signal: after an abort the files of the guest are still collected.
  return networks.switch === undefined
    ? await startProcess(command, { env: { QUARRY_RUN: context.run }, graceMs: 1000 })
    : await networks.switch.spawn(command)
}

function hardwareOf(
  { given, things }: Guests,
  disks: readonly Disk[],
  cards: readonly NetworkCard[],
): Hardware {
  const own = given.kernel_arguments.split(/\s+/).filter((word) => word !== '')
  return {
    accelerator: things.accelerator,
    cpus: given.cpus,
    memoryMiB: Math.floor(given.memory / 2 ** 20),
    kernel: things.kernel.image,
    initrd: things.initrd,
    // A guest's processors are as steady as the clock of this host, which needs no calibration. TCG keeps what it has
    // translated by address: programs that are elsewhere each time are translated each time (36 against 12 ms for `true`).
    kernelArguments: [
      'console=ttyS0',
      'tsc=reliable',
      'no_timer_check',
      'psi=1',
      'nokaslr',
      ...(things.accelerator === 'tcg' ? ['norandmaps'] : []),
      ...own,
    ],
    disks: [...things.disks, ...disks],
    cards,
  }
}

/** Files without content, which take no space before they are written to. */
async function emptyDisks({ disks }: VmProperties, directory: string): Promise<Disk[]> {
  const all = { ...disks, [BULK_DISK]: { size: BULK_BYTES, limits: {} } }
  const made: Disk[] = []
  for (const [name, { size, limits }] of Object.entries(all)) {
    const path = join(directory, `${name}.disk`)
    await using file = await open(path, 'wx', 0o600)
    await file.truncate(size)
    made.push({ name, path, isShared: false, limits: limitsOf(limits) })
  }
  return made
}

type GivenLimits = VmProperties['disks'][string]['limits']
type GivenThrottle = NonNullable<GivenLimits[keyof GivenLimits]>

function limitsOf(given: GivenLimits): DiskLimits {
  const { bytes, bytes_read: bytesRead, bytes_written: bytesWritten, requests, reads, writes } = given
  const all = { bytes, bytesRead, bytesWritten, requests, reads, writes }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, limit]) => (limit === undefined ? [] : [[name, throttleOf(limit)]])),
  )
}

const throttleOf = (given: GivenThrottle): Throttle => ({
  rate: given.rate,
  ...('burst' in given && given.burst !== undefined ? { burst: given.burst } : {}),
  ...('burst_seconds' in given && given.burst_seconds !== undefined
    ? { burstSeconds: given.burst_seconds }
    : {}),
})
