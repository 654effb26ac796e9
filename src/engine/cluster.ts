/** The nodes of a group: provisioned or found again, given back or kept for a later run. */
import { messageOf } from '../base/errors.ts'
import type { NodeGroupSpec } from '../model/definition.ts'
import type { RunLevel } from '../model/run-level.ts'
import { openLedger, type OwnedLedger } from '../node/ledger.ts'
import { markedProcesses } from '../node/effects.ts'
import { moveToOwnCgroup } from '../node/run-cgroup.ts'
import type { Node } from '../plugin/node.ts'
import type { ProviderInfo } from '../plugin/provider.ts'
import type { Provisioned, ProvisionerPlugin } from '../plugin/provisioner.ts'
import type { UndoLedger } from '../plugin/undo.ts'
import {
  findKept,
  forgetKept,
  keep,
  keptId,
  keptLedger,
  prepareKept,
  registerKept,
  type KeptGroup,
} from '../store/kept-groups.ts'
import type { GroupSurroundings } from './node-group.ts'

export interface Cluster {
  /** Whether its nodes are found again, or may be kept. */
  readonly mayOutlive: boolean
  readonly nodes: readonly Node[]
  /** Where effects on the nodes are recorded: they stand as long as the nodes do. */
  readonly ledger: UndoLedger
  /** Brings the nodes up; gives the record of the group when an earlier run left it. */
  provision(signal: AbortSignal): Promise<KeptGroup | undefined>
  /** Gives them back. */
  release(): Promise<void>
  /** Leaves them, and what runs on them, as they are at this level. */
  keep(level: RunLevel, providers: readonly Readonly<Record<string, ProviderInfo>>[]): Promise<void>
}

export function openCluster(
  spec: NodeGroupSpec,
  plugin: ProvisionerPlugin,
  around: GroupSurroundings,
): Cluster {
  const isKept = spec.reuse || spec.finalLevel !== 'DESTROYED'
  const cluster = spec.cluster ?? around.clusterName
  let provisioned: Provisioned | undefined
  let own: OwnedLedger | undefined

  /** Effects of nodes that may outlive the run are in a ledger of their own. */
  const openOwn = async (): Promise<OwnedLedger> => {
    const ledger = openLedger(keptLedger(cluster), keptId(cluster), (sentence) => around.note(sentence))
    await ledger.record({ type: 'processes', run: keptId(cluster) })
    return ledger
  }

  return {
    mayOutlive: (isKept || spec.cluster !== undefined) && plugin.resume !== undefined,
    get nodes() {
      return provisioned?.nodes ?? []
    },
    get ledger() {
      return own ?? around.ledger
    },
    provision: async (signal) => {
      const properties = around.references.propertiesOf(plugin, spec.provisioner)
      const { directory, definitionDirectory } = around
      const named = spec.cluster === undefined ? {} : { cluster: spec.cluster }
      const note = (sentence: string): void => around.note(`${spec.name}: ${sentence}`)
      const about = { group: spec.name, count: spec.nodeCount, ...named }
      const context = { ...about, directory, definitionDirectory, signal, note }
      const left = isKept || spec.cluster !== undefined ? findKept(cluster) : undefined
      const inRun = { id: around.run, ledger: around.ledger }
      if (left !== undefined && plugin.resume !== undefined && left.provisioner === plugin.id) {
        own = await openOwn()
        const kept = { ...context, run: keptId(cluster), inRun, ledger: own }
        provisioned = await plugin.resume(kept, left.state, properties).catch((error: unknown) => {
          own?.leave()
          const failure = error instanceof Error ? error : new Error(messageOf(error))
          const remedy = '`quarry sweep --kept` undoes what is left of it; then start again'
          throw Object.assign(failure, { remedy: ('remedy' in failure && failure.remedy) || remedy })
        })
        around.note(`${spec.name}: found ${cluster} again, left by ${left.run} at ${left.level}`)
        return left
      }
      if (isKept && plugin.resume !== undefined) {
        prepareKept(cluster)
        own = await openOwn()
        registerKept(cluster)
        const kept = { ...context, run: keptId(cluster), inRun, ledger: own }
        provisioned = await plugin.provision(kept, properties)
        return undefined
      }
      if (isKept) around.note(`${spec.name} cannot be kept: nodes of ${plugin.id} end with their run`)
      provisioned = await plugin.provision({ ...context, run: around.run, ledger: around.ledger }, properties)
      return undefined
    },
    release: async () => {
      await provisioned?.[Symbol.asyncDispose]()
      provisioned = undefined
      await own?.[Symbol.asyncDispose]()
      if (own !== undefined) forgetKept(cluster)
      own = undefined
    },
    keep: async (level, providers) => {
      if (own === undefined || provisioned === undefined) return
      const id = keptId(cluster)
      try {
        await provisioned.leave?.()
      } catch (error) {
        around.note(`${spec.name} cannot be kept: ${messageOf(error)}`)
        return
      }
      // The control group of this run ends with it, and so would they.
      const cgroup = moveToOwnCgroup(id, markedProcesses(id))
      if (cgroup !== undefined) await own.record({ type: 'processes', run: id, cgroup })
      const { state } = provisioned
      const since = new Date().toISOString()
      const group = {
        cluster,
        group: spec.name,
        provisioner: plugin.id,
        level,
        state,
        run: around.run,
        since,
      }
      keep({ ...group, providers: [...providers] })
      own.leave()
      own = undefined
      provisioned = undefined
      around.note(`${spec.name} is kept as ${cluster} at ${level}; quarry sweep --kept undoes it`)
    },
  }
}
