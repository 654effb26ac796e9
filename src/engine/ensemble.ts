/** The machines of one run, by group and alias: brought up together, and taken down with what they left collected. */
import { mkdirSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { UserError, messageOf } from '../base/errors.ts'
import type { Definition } from '../model/definition.ts'
import { isAbove, type RunLevel } from '../model/run-level.ts'
import type { Node } from '../plugin/node.ts'
import type { Providers } from '../plugin/provider.ts'
import type { Registry } from '../plugin/registry.ts'
import type { UndoLedger } from '../plugin/undo.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import { falloutEnvironment } from './fallout-environment.ts'
import { createNodeGroup, isPresent, type NodeGroup } from './node-group.ts'
import { managedFiles, openReferences, type References } from './references.ts'
import type { Secrets } from './secrets.ts'

/** Longer no group may take to be taken down: then the undo ledger has what is left. */
const TAKING_DOWN_MS = 10 * 60_000

/** Disposing takes every group down to its final level. */
export interface Ensemble extends AsyncDisposable {
  /** Brings all groups up side by side, each to its launch level. Rejects when one fails; disposing is still due. */
  bringUp(signal: AbortSignal): Promise<void>
  /** Those that are up. */
  readonly nodes: readonly Node[]
  /**
   * One node of each host: what is looked at as a whole, a kernel and its processes, is looked at once. It has the name of
   * the host where several nodes are on it with networks of their own.
   */
  readonly hosts: readonly Node[]
  /** One node of each network: that of each host, unless only nodes with networks of their own are on it, and theirs. */
  readonly networks: readonly Node[]
  /** Nodes of a group by its name or an alias of it, in any case; a UserError for an unknown one. */
  group(name: string): readonly Node[]
  environment(node: Node): Readonly<Record<string, string>>
  /** Directory, on the controller, of the files that a node leaves behind. */
  artifacts(node: Node): string
  providers(node: Node): Providers
  /** Resolves references by what there is on the nodes at that moment. */
  readonly references: References
  level(group: string): RunLevel
  /** Brings a group to another level. */
  transition(group: string, level: RunLevel, signal: AbortSignal): Promise<void>
  /** Stops the services and brings the files that they left to the run directory; failures are told, not thrown. */
  collect(onFailure: (error: unknown) => void, signal: AbortSignal): Promise<void>
}

export interface EnsembleOptions {
  readonly definition: Definition
  readonly registry: Registry
  readonly directory: RunDirectory
  readonly ledger: UndoLedger
  readonly secrets: Secrets
  /** Takes what a manager writes. */
  readonly log: (name: string, line: string) => void
  /** Tells the user something. */
  readonly note: (sentence: string) => void
  /** Is told, once, of a node to which the connection was lost. */
  readonly onLost: (node: Node, reason: Error) => void
}

/** The groups of a definition, none of them up yet. */
export function createEnsemble(options: EnsembleOptions): Ensemble {
  const { definition, registry, directory, ledger, secrets, log, note, onLost } = options
  const nodeDirectory = (group: string, ordinal: number): string => {
    const path = directory.file('nodes', group, String(ordinal))
    mkdirSync(path, { recursive: true })
    return path
  }
  const find = (name: string): NodeGroup => {
    const found = byName.get(name.toLowerCase())
    if (found !== undefined) return found
    throw new UserError(`there is no node group called ${name}; there are ${[...byName.keys()].join(', ')}`)
  }
  const artifacts = (node: Node): string => nodeDirectory(node.group, node.ordinal)
  const environment = (node: Node): Readonly<Record<string, string>> => ({
    QUARRY_RUN_DIRECTORY: directory.path,
    QUARRY_DEFINITION_DIR: dirname(resolve(definition.file)),
    QUARRY_NODE_GROUP: node.group,
    QUARRY_NODE_ORDINAL: String(node.ordinal),
    QUARRY_NODE_ADDRESS: node.address,
    QUARRY_NODE_COUNT: String(find(node.group).nodes.length),
    QUARRY_ARTIFACTS: node.artifacts,
    QUARRY_SCRATCH: node.scratch,
    ...falloutEnvironment(directory.id, definition.file, node, groups),
  })
  const references = openReferences({
    localFiles: managedFiles(directory, definition),
    secrets,
    providers: (name, ordinal) => find(name).providers(ordinal),
  })
  const groups = definition.groups.map((spec) =>
    createNodeGroup(spec, {
      run: directory.id,
      registry,
      ledger,
      references,
      secrets,
      clusterName: `${basename(definition.file).replaceAll(/\.ya?ml$|[^\w.-]/g, '')}-${spec.name}`,
      directory: directory.file('nodes', spec.name),
      definitionDirectory: dirname(resolve(definition.file)),
      note,
      lost: onLost,
      group: (name) => find(name).nodes,
      environment,
      artifacts,
      log,
    }),
  )
  const byName = new Map(
    groups.flatMap((group) =>
      [group.spec.name, ...group.spec.aliases].map((name) => [name.toLowerCase(), group] as const),
    ),
  )

  return {
    references,
    bringUp: async (signal) => {
      // Nodes first: what a manager sets up on one group may need those of another.
      const provision = async (group: NodeGroup): Promise<void> => {
        if (group.spec.launchLevel === 'DESTROYED') return
        await group.transition('STARTED_SERVICES_UNCONFIGURED', signal)
      }
      // Those first that may outlive the run: what the others share with them, such as a network, must do so too.
      for (const first of [true, false]) {
        await all(
          groups.filter(({ mayOutlive }) => mayOutlive === first),
          provision,
        )
      }
      // Upwards only: one that was kept may be higher up already.
      await all(groups, async (group) => {
        if (isAbove(group.spec.launchLevel, group.level))
          await group.transition(group.spec.launchLevel, signal)
      })
    },
    get nodes() {
      return groups.flatMap((group) => group.nodes)
    },
    get hosts() {
      const seen = this.nodes.filter(isSeen)
      return firstOfEach(seen, ({ host }) => host).map((node) => namedByHost(node, seen))
    },
    get networks() {
      const seen = this.nodes.filter(isSeen)
      return firstOfEach(seen, ({ host, name, network }) => (network === undefined ? host : name)).map(
        (node) => (node.network === undefined ? namedByHost(node, seen) : node),
      )
    },
    group: (name) => find(name).nodes,
    environment,
    artifacts,
    providers: (node) => find(node.group).providers(node.ordinal),
    level: (name) => find(name).level,
    transition: (name, level, duringStep) => find(name).transition(level, duringStep),
    collect: async (onFailure, duringStep) => {
      await all(groups, async (group) => {
        const steps = [
          () => group.prepareArtifacts(duringStep),
          async () => {
            if (group.level === 'STARTED_SERVICES_RUNNING' && !group.spec.reuse)
              await group.transition('STARTED_SERVICES_CONFIGURED', duringStep)
          },
          () => group.collectArtifacts(duringStep),
        ]
        // What cannot be had from one step does not keep the others from being tried.
        for (const step of steps) await step().catch(onFailure)
      })
    },
    [Symbol.asyncDispose]: () => all(groups, (group) => group.end(AbortSignal.timeout(TAKING_DOWN_MS))),
  }
}

/** Whether samplers and collectors can look at it. */
export const isSeen = (node: Node): boolean => node.unseen === undefined && isPresent(node)

/** The first node with each key, in order. */
const firstOfEach = (nodes: readonly Node[], key: (node: Node) => string): readonly Node[] =>
  [...new Map(nodes.toReversed().map((node) => [key(node), node])).values()].toReversed()

/** A node that stands for a whole host, under the name of the host where networks of it are nodes of their own. */
const namedByHost = (node: Node, nodes: readonly Node[]): Node => {
  const onHost = nodes.filter(({ host }) => host === node.host)
  return onHost.length > 1 && onHost.some(({ network }) => network !== undefined)
    ? { ...node, name: node.host }
    : node
}

/** All at once; when some fail the others are waited for, and all failures are in the error. */
async function all(groups: readonly NodeGroup[], act: (group: NodeGroup) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(groups.map(act))
  const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  // What several groups needed together has failed once.
  const failures = [...new Set(reasons)]
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '))
}
