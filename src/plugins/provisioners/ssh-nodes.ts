/** Nodes on existing machines, one for each host that is free, all connected to at once. */
import { randomBytes } from 'node:crypto'
import { UserError, messageOf } from '../../base/errors.ts'
import { sshNode } from '../../node/ssh.ts'
import type { Node } from '../../plugin/node.ts'
import type { ProvisionContext } from '../../plugin/provisioner.ts'
import type { SshDestination } from '../../plugin/undo.ts'

export interface SshHost {
  readonly destination: SshDestination
  /** What the other nodes reach it by, where that is not what ssh connects to. */
  readonly address?: string
  /** Where artifacts go, in a directory of the run's own; /tmp when left out. */
  readonly artifacts?: string
}

type Provisioned = { readonly nodes: readonly Node[] } & AsyncDisposable

/** How many nodes of this process are on a host, by run and host. */
const taken = new Map<string, number>()

const keyOf = (run: string, { destination }: SshHost): string => `${run} ${JSON.stringify(destination)}`

/** The first `count` hosts that no other group of the run has; a host that is listed twice can be had twice. */
export function freeHosts(run: string, hosts: readonly SshHost[], count: number): readonly SshHost[] {
  const passed = new Map<string, number>()
  const free = hosts.filter((host) => {
    const key = keyOf(run, host)
    const before = passed.get(key) ?? 0
    passed.set(key, before + 1)
    return before >= (taken.get(key) ?? 0)
  })
  return free.slice(0, count)
}

/** One node on each host. When one cannot be had the others are given back, and the error names every host that failed. */
export async function provisionOn(
  context: ProvisionContext,
  hosts: readonly SshHost[],
): Promise<Provisioned> {
  const { run, group, ledger, signal } = context
  const settled = await Promise.allSettled(
    hosts.map((host, ordinal) => nodeOn(host, { run, group, ordinal, ledger, signal })),
  )
  await using stack = new AsyncDisposableStack()
  const nodes = settled.flatMap((one) => (one.status === 'fulfilled' ? [stack.use(one.value)] : []))
  const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '))
  const owned = stack.move()
  // Side by side: each takes its time to end what runs there.
  const dispose = async (): Promise<void> => {
    const ended = await Promise.allSettled(nodes.map((node) => node[Symbol.asyncDispose]()))
    await owned.disposeAsync()
    for (const one of ended) if (one.status === 'rejected') throw one.reason
  }
  return { nodes, [Symbol.asyncDispose]: dispose }
}

type NodePlace = Omit<Parameters<typeof sshNode>[0], 'host' | 'directory' | 'artifacts' | 'address'>

async function nodeOn(host: SshHost, place: NodePlace): Promise<Node & AsyncDisposable> {
  const { run, group, ordinal } = place
  const key = keyOf(run, host)
  taken.set(key, (taken.get(key) ?? 0) + 1)
  const giveBack = (): void => void taken.set(key, (taken.get(key) ?? 1) - 1)
  const unguessable = randomBytes(6).toString('hex')
  const own = `quarry-${run}-${group.replaceAll(/[^\w.-]/g, '_')}-${ordinal}-${unguessable}`
  try {
    const node = await sshNode({
      ...place,
      host: host.destination,
      directory: `/tmp/${own}`,
      ...(host.address === undefined ? {} : { address: host.address }),
      ...(host.artifacts === undefined ? {} : { artifacts: `${host.artifacts.replace(/\/+$/, '')}/${own}` }),
    })
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
