/**
 * A node group and how far it is up. Going up, nodes are provisioned, managers configure and start; going down the same
 * is undone in reverse. Every transition passes each level between.
 */
import { abortReason, throwIfAborted, whenAborted } from '../base/abort.ts'
import { messageOf } from '../base/errors.ts'
import { renderText } from '../definition/render-text.ts'
import type { ComponentUse, NodeGroupSpec } from '../model/definition.ts'
import { isAbove, type RunLevel } from '../model/run-level.ts'
import type { ManagerContext, ManagerPlugin } from '../plugin/manager.ts'
import type { Node } from '../plugin/node.ts'
import type { ProviderInfo, Providers } from '../plugin/provider.ts'
import type { ProvisionerPlugin } from '../plugin/provisioner.ts'
import type { Registry } from '../plugin/registry.ts'
import { openCluster } from './cluster.ts'
import type { UndoLedger } from '../plugin/undo.ts'
import { maskedNode } from '../node/masked.ts'
import { ledgerOn } from '../node/ssh-undo.ts'
import type { References } from './references.ts'
import type { Secrets } from './secrets.ts'

export interface NodeGroup {
  readonly spec: NodeGroupSpec
  readonly level: RunLevel
  /** Whether its nodes are found again, or may be kept: what nodes share must outlive the run with them. */
  readonly mayOutlive: boolean
  /** Empty while it is not provisioned. */
  readonly nodes: readonly Node[]
  /** What there is on a node, or was when it was last up. */
  providers(ordinal: number): Providers
  /**
   * Up or down, step by step; it stays at the last level that was reached when a step fails. A group that an earlier run
   * left comes up at the level at which it was left.
   */
  transition(to: RunLevel, signal: AbortSignal): Promise<void>
  /** Takes it down to its final level, or leaves it for a later run. */
  end(signal: AbortSignal): Promise<void>
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
  /** Under which it is kept when the definition gives no other name. */
  readonly clusterName: string
  /** Directory of the group below the run directory. */
  readonly directory: string
  /** Directory of the definition. */
  readonly definitionDirectory: string
  group(name: string): readonly Node[]
  environment(node: Node): Readonly<Record<string, string>>
  artifacts(node: Node): string
  log(name: string, line: string): void
  /** Something to tell the user. */
  note(sentence: string): void
  /** The connection to a node was lost, for this reason. */
  lost(node: Node, reason: Error): void
}

type Ability = 'configure' | 'start' | 'stop' | 'unconfigure' | 'prepareArtifacts' | 'collectArtifacts'

/** What brings a group to a level from the one below, and what takes it down again. */
const stages = [
  { level: 'STARTED_SERVICES_UNCONFIGURED', up: 'provision', down: 'release' },
  { level: 'STARTED_SERVICES_CONFIGURED', up: 'configure', down: 'unconfigure' },
  { level: 'STARTED_SERVICES_RUNNING', up: 'start', down: 'stop' },
] as const satisfies readonly { readonly level: RunLevel; readonly up: string; readonly down: string }[]

export function createNodeGroup(spec: NodeGroupSpec, around: GroupSurroundings): NodeGroup {
  const cluster = openCluster(spec, provisionerOf(around.registry, spec.provisioner), around)
  let nodes: readonly Node[] = []
  let reached = 0
  const providers = new Map<number, Record<string, ProviderInfo>>()

  const managers = spec.managers.map((use) => ({ use, plugin: managerOf(around.registry, use) }))
  const each = async (ability: Ability, signal: AbortSignal): Promise<void> => {
    const isDown = ability === 'stop' || ability === 'unconfigure'
    for (const { use, plugin } of isDown ? managers.toReversed() : managers) {
      // What is put in order at the end is so on those nodes that are left.
      const present = ability === 'configure' || ability === 'start' ? nodes : nodes.filter(isPresent)
      if (present.length === 0 && nodes.length > 0) return
      const context = contextOf(use, present, signal)
      await plugin[ability]?.(context, around.references.propertiesOf(plugin, use))
    }
  }
  const contextOf = (use: ComponentUse, present: readonly Node[], signal: AbortSignal): ManagerContext => ({
    name: use.name,
    nodes: present,
    group: (name) => around.group(name),
    environment: (node) => around.environment(node),
    artifacts: (node) => around.artifacts(node),
    render: renderText,
    provide: (node, provider, info) => {
      providers.set(node.ordinal, { ...providers.get(node.ordinal), [provider]: info })
    },
    log: (line) => around.log(use.name, line),
    ledger: cluster.ledger,
    ledgerOf: (node) => ledgerOn(node, cluster.ledger),
    signal,
  })

  /** Gives the stages that have been passed: more than one when an earlier run left the group higher up. */
  const provision = async (signal: AbortSignal): Promise<number> => {
    const left = await cluster.provision(signal)
    const { secrets } = around
    nodes = secrets.isEmpty ? cluster.nodes : cluster.nodes.map((node) => maskedNode(node, secrets))
    for (const node of nodes) {
      const { lost } = node
      if (lost !== undefined) void whenAborted(lost).then(() => around.lost(node, abortReason(lost)))
      const own = { ...node.providers, 'node-info': nodeInfo(node) }
      providers.set(node.ordinal, { ...left?.providers[node.ordinal], ...own })
    }
    return left === undefined ? 1 : stagesOf(left.level)
  }
  const release = async (): Promise<void> => {
    nodes = []
    await cluster.release()
  }

  /** Nodes come up in one piece: the levels between DESTROYED and the first stage are that stage. */
  const stagesOf = (to: RunLevel): number =>
    to === 'DESTROYED' ? 0 : Math.max(1, stages.filter(({ level }) => !isAbove(level, to)).length)
  const takeDown = async (to: RunLevel, signal: AbortSignal): Promise<void> => {
    const failures: unknown[] = []
    for (; reached > stagesOf(to); reached -= 1) {
      await down(signal).catch((error: unknown) => failures.push(error))
    }
    throwAll(failures)
  }
  const down = async (signal: AbortSignal): Promise<void> => {
    const step = stages[reached - 1]?.down ?? 'release'
    await (step === 'release' ? release() : each(step, signal))
  }

  return {
    spec,
    mayOutlive: cluster.mayOutlive,
    get level() {
      return stages[reached - 1]?.level ?? 'DESTROYED'
    },
    get nodes() {
      return nodes
    },
    providers: (ordinal) => providers.get(ordinal) ?? {},
    transition: async (to, signal) => {
      const target = stagesOf(to)
      if (reached > target) {
        for (; reached > target; reached -= 1) await down(signal)
        return
      }
      while (reached < target) {
        throwIfAborted(signal)
        const step = stages[reached]?.up ?? 'provision'
        if (step === 'provision') {
          reached = await provision(signal)
        } else {
          await each(step, signal)
          reached += 1
        }
      }
    },
    end: async (signal) => {
      if (!spec.reuse) await takeDown(spec.finalLevel, signal)
      const level = stages[reached - 1]?.level
      if (level !== undefined)
        await cluster.keep(
          level,
          nodes.map(({ ordinal }) => providers.get(ordinal) ?? {}),
        )
      // What cannot be kept is taken down all the same.
      if (cluster.nodes.length > 0) await takeDown('DESTROYED', signal)
    },
    prepareArtifacts: (signal) => each('prepareArtifacts', signal),
    collectArtifacts: async (signal) => {
      const failures: unknown[] = []
      await each('collectArtifacts', signal).catch((error: unknown) => failures.push(error))
      // What cannot be had from one node does not keep the others from being asked, nor waited for.
      const results = await Promise.allSettled(
        nodes.filter(hasFiles).map((node) => node.download(node.artifacts, around.artifacts(node), signal)),
      )
      failures.push(...results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])))
      throwAll(failures)
    },
  }
}

/** Not a machine that died: its files were in its memory. */
const hasFiles = (node: Node): boolean => node.machine === undefined || isPresent(node)

/** Whether it can still be reached. */
export const isPresent = ({ lost }: Node): boolean => lost?.aborted !== true

function throwAll(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '))
}

function provisionerOf(registry: Registry, { component }: ComponentUse): ProvisionerPlugin {
  const plugin = registry.get('provisioner', component)
  if (plugin !== undefined) return plugin
  throw new Error(`provisioner ${component} is in the definition and not in the registry`)
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
