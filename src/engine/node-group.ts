/**
 * A node group and how far it is up. Going up, nodes are provisioned, managers configure and start; going down the same
 * is undone in reverse. Every transition passes each level between.
 */
import { throwIfAborted } from '../base/abort.ts'
import { messageOf } from '../base/errors.ts'
import type { ComponentUse, NodeGroupSpec } from '../model/definition.ts'
import { isAbove, type RunLevel } from '../model/run-level.ts'
import type { ManagerContext, ManagerPlugin } from '../plugin/manager.ts'
import type { Node } from '../plugin/node.ts'
import type { ProviderInfo, Providers } from '../plugin/provider.ts'
import type { Registry } from '../plugin/registry.ts'
import type { UndoLedger } from '../plugin/undo.ts'
import { maskedNode } from '../node/masked.ts'
import type { References } from './references.ts'
import type { Secrets } from './secrets.ts'

export interface NodeGroup {
  readonly spec: NodeGroupSpec
  readonly level: RunLevel
  /** Empty while it is not provisioned. */
  readonly nodes: readonly Node[]
  /** What there is on a node, or was when it was last up. */
  providers(ordinal: number): Providers
  /** Up or down, step by step; it stays at the last level that was reached when a step fails. */
  transition(to: RunLevel, signal: AbortSignal): Promise<void>
  /** Down, whatever fails on the way; the failures are in the error. */
  takeDown(to: RunLevel, signal: AbortSignal): Promise<void>
  /** Has the managers put files among the artifacts, and brings those of the nodes here. */
  prepareArtifacts(signal: AbortSignal): Promise<void>
  collectArtifacts(signal: AbortSignal): Promise<void>
}

/** What a group needs of the run around it. */
export interface GroupSurroundings {
  readonly run: string
  readonly registry: Registry
  readonly ledger: UndoLedger
  readonly references: References
  readonly secrets: Secrets
  /** Directory of the group below the run directory. */
  readonly directory: string
  group(name: string): readonly Node[]
  environment(node: Node): Readonly<Record<string, string>>
  artifacts(node: Node): string
  log(name: string, line: string): void
}

type Ability = 'configure' | 'start' | 'stop' | 'unconfigure' | 'prepareArtifacts' | 'collectArtifacts'
type Provisioned = { readonly nodes: readonly Node[] } & AsyncDisposable

/** What brings a group to a level from the one below, and what takes it down again. */
const stages = [
  { level: 'STARTED_SERVICES_UNCONFIGURED', up: 'provision', down: 'release' },
  { level: 'STARTED_SERVICES_CONFIGURED', up: 'configure', down: 'unconfigure' },
  { level: 'STARTED_SERVICES_RUNNING', up: 'start', down: 'stop' },
] as const satisfies readonly { readonly level: RunLevel; readonly up: string; readonly down: string }[]

export function createNodeGroup(spec: NodeGroupSpec, around: GroupSurroundings): NodeGroup {
  let provisioned: Provisioned | undefined
  let nodes: readonly Node[] = []
  let reached = 0
  const providers = new Map<number, Record<string, ProviderInfo>>()

  const managers = spec.managers.map((use) => ({ use, plugin: managerOf(around.registry, use) }))
  const each = async (ability: Ability, signal: AbortSignal): Promise<void> => {
    const isDown = ability === 'stop' || ability === 'unconfigure'
    for (const { use, plugin } of isDown ? managers.toReversed() : managers) {
      await plugin[ability]?.(contextOf(use, signal), around.references.propertiesOf(plugin, use))
    }
  }
  const contextOf = (use: ComponentUse, signal: AbortSignal): ManagerContext => ({
    name: use.name,
    nodes,
    group: (name) => around.group(name),
    environment: (node) => around.environment(node),
    artifacts: (node) => around.artifacts(node),
    provide: (node, provider, info) => {
      providers.set(node.ordinal, { ...providers.get(node.ordinal), [provider]: info })
    },
    log: (line) => around.log(use.name, line),
    ledger: around.ledger,
    signal,
  })

  const provision = async (signal: AbortSignal): Promise<void> => {
    const { component } = spec.provisioner
    const plugin = around.registry.get('provisioner', component)
    if (plugin === undefined) {
      throw new Error(`provisioner ${component} is in the definition and not in the registry`)
    }
    const { run, ledger, directory } = around
    const context = { run, group: spec.name, count: spec.nodeCount, ledger, directory, signal }
    provisioned = await plugin.provision(context, around.references.propertiesOf(plugin, spec.provisioner))
    const { nodes: clear } = provisioned
    nodes = around.secrets.isEmpty ? clear : clear.map((node) => maskedNode(node, around.secrets))
    for (const node of nodes) providers.set(node.ordinal, { 'node-info': nodeInfo(node) })
  }
  const release = async (): Promise<void> => {
    await provisioned?.[Symbol.asyncDispose]()
    provisioned = undefined
    nodes = []
  }

  /** Nodes come up in one piece: the levels between DESTROYED and the first stage are that stage. */
  const stagesOf = (to: RunLevel): number =>
    to === 'DESTROYED' ? 0 : Math.max(1, stages.filter(({ level }) => !isAbove(level, to)).length)
  const take = (step: (typeof stages)[number]['up' | 'down'], signal: AbortSignal): Promise<void> => {
    if (step === 'provision') return provision(signal)
    return step === 'release' ? release() : each(step, signal)
  }

  return {
    spec,
    get level() {
      return stages[reached - 1]?.level ?? 'DESTROYED'
    },
    get nodes() {
      return nodes
    },
    providers: (ordinal) => providers.get(ordinal) ?? {},
    transition: async (to, signal) => {
      const target = stagesOf(to)
      for (; reached < target; reached += 1) {
        throwIfAborted(signal)
        await take(stages[reached]?.up ?? 'provision', signal)
      }
      for (; reached > target; reached -= 1) await take(stages[reached - 1]?.down ?? 'release', signal)
    },
    takeDown: async (to, signal) => {
      const failures: unknown[] = []
      for (; reached > stagesOf(to); reached -= 1) {
        await take(stages[reached - 1]?.down ?? 'release', signal).catch((error: unknown) => {
          failures.push(error)
        })
      }
      if (failures.length === 1) throw failures[0]
      if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '))
    },
    prepareArtifacts: (signal) => each('prepareArtifacts', signal),
    collectArtifacts: async (signal) => {
      await each('collectArtifacts', signal)
      await Promise.all(nodes.map((node) => node.download(node.artifacts, around.artifacts(node), signal)))
    },
  }
}

function managerOf(registry: Registry, { component }: ComponentUse): ManagerPlugin {
  const plugin = registry.get('manager', component)
  if (plugin === undefined)
    throw new Error(`manager ${component} is in the definition and not in the registry`)
  return plugin
}

/** Fallout's names for what every node tells of itself. */
const nodeInfo = (node: Node): ProviderInfo => ({
  node: String(node.ordinal),
  publicNetworkAddress: node.address,
  privateNetworkAddress: node.address,
})
