/** Nodes on existing machines, one for each host that is free, all connected to at once. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { UserError, messageOf } from '../../base/errors.ts'
import { sshDestination } from '../../node/ledger-lines.ts'
import { sshNode, type SshNode } from '../../node/ssh.ts'
import type { ProvisionContext, Provisioned } from '../../plugin/provisioner.ts'
import type { SshDestination } from '../../plugin/undo.ts'

export interface SshHost {
  readonly destination: SshDestination
  /** What the other nodes reach it by, where that is not what ssh connects to. */
  readonly address?: string
  /** Where artifacts go, in a directory of the run's own; /tmp when left out. */
  readonly artifacts?: string
}

/** A node and what it takes to find it again. */
const place = z.object({
  destination: sshDestination,
  address: z.string().exactOptional(),
  directory: z.string(),
  /** Where artifacts have a directory apart. */
  artifacts: z.string().exactOptional(),
})
type Place = z.infer<typeof place>

/** How many nodes of this process are on a host, by run and host. */
const taken = new Map<string, number>()

const keyOf = ({ run, inRun }: ProvisionContext, destination: SshDestination): string =>
  `${inRun?.id ?? run} ${JSON.stringify(destination)}`

/** The first `count` hosts that no other group of the run has; a host that is listed twice can be had twice. */
export function freeHosts(context: ProvisionContext, hosts: readonly SshHost[]): readonly SshHost[] {
  const passed = new Map<string, number>()
  const free = hosts.filter(({ destination }) => {
    const key = keyOf(context, destination)
    const before = passed.get(key) ?? 0
    passed.set(key, before + 1)
    return before >= (taken.get(key) ?? 0)
  })
  return free.slice(0, context.count)
}

/** One node on each host. When one cannot be had the others are given back, and the error names every host that failed. */
export function provisionOn(context: ProvisionContext, hosts: readonly SshHost[]): Promise<Provisioned> {
  const { run, group } = context
  const unguessable = randomBytes(6).toString('hex')
  const places = hosts.map(({ artifacts, ...host }, ordinal): Place => {
    const own = `quarry-${run}-${group.replaceAll(/[^\w.-]/g, '_')}-${ordinal}-${unguessable}`
    const apart = artifacts === undefined ? {} : { artifacts: `${artifacts.replace(/\/+$/, '')}/${own}` }
    return { ...host, directory: `/tmp/${own}`, ...apart }
  })
  return nodesAt(context, places, false)
}

/** Those that an earlier run left, with what runs there; an EnvironmentError names every host on which they are gone. */
export const resumeOn = async (context: ProvisionContext, state: unknown): Promise<Provisioned> =>
  await nodesAt(context, z.array(place).parse(state), true)

async function nodesAt(
  context: ProvisionContext,
  places: readonly Place[],
  isLeft: boolean,
): Promise<Provisioned> {
  await using stack = new AsyncDisposableStack()
  const settled = await Promise.allSettled(
    places.map((one, ordinal) => nodeAt(context, one, ordinal, isLeft)),
  )
  const nodes = settled.flatMap((one) => (one.status === 'fulfilled' ? [stack.use(one.value)] : []))
  const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '))
  const owned = stack.move()
  return {
    nodes,
    state: places,
    leave: async () => await onAll(nodes, (node) => node.leave()),
    // Side by side: each takes its time to end what runs there.
    [Symbol.asyncDispose]: async () => {
      await onAll(nodes, async (node) => await node[Symbol.asyncDispose]())
      await owned.disposeAsync()
    },
  }
}

/** At once; all are waited for when one fails. */
async function onAll(nodes: readonly SshNode[], act: (node: SshNode) => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(nodes.map(act))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

async function nodeAt(
  context: ProvisionContext,
  { destination, ...where }: Place,
  ordinal: number,
  isLeft: boolean,
): Promise<SshNode> {
  const key = keyOf(context, destination)
  taken.set(key, (taken.get(key) ?? 0) + 1)
  const giveBack = (): void => void taken.set(key, (taken.get(key) ?? 1) - 1)
  try {
    const node = await sshNode({ ...context, ...where, host: destination, ordinal, isLeft })
    const end = async (): Promise<void> => {
      giveBack()
      await node[Symbol.asyncDispose]()
    }
    return { ...node, [Symbol.asyncDispose]: end }
  } catch (error) {
    giveBack()
    throw error
  }
}

/** Throws a UserError when there are fewer hosts than nodes. */
export function checkCount(context: ProvisionContext, hosts: readonly SshHost[], found: number): void {
  if (hosts.length >= context.count) return
  throw new UserError(
    `node group ${context.group} has ${context.count} nodes, and ${found} hosts of which ${hosts.length} are free`,
    { code: 'QUARRY_TOO_FEW_HOSTS', remedy: 'add hosts, or select more of them, or lower node.count' },
  )
}
