/** Where nodes come from. */
import type { Node } from './node.ts'
import type { UndoLedger } from './undo.ts'
import type { Definable } from './define.ts'

export interface ProvisionContext {
  /** Marks the processes and files of the nodes. */
  readonly run: string
  /**
   * Where they may outlive their run, and mark and ledger are their own: the run that they are for now. What ends with it,
   * such as the way to them, has its mark and is in its ledger; nodes of one run may share things.
   */
  readonly inRun?: { readonly id: string; readonly ledger: UndoLedger }
  readonly group: string
  readonly count: number
  /** The name that the definition gives the cluster, if it does. */
  readonly cluster?: string
  /** Directory of the group below the run directory; artifacts of node n go to its subdirectory `n`. */
  readonly directory: string
  /** Directory of the definition: relative paths in properties start there. */
  readonly definitionDirectory: string
  readonly ledger: UndoLedger
  readonly signal: AbortSignal
  /** Something to tell the user: what takes long, or what is waited for. */
  readonly note: (sentence: string) => void
}

/** Nodes that are up; disposing gives them back. */
export interface Provisioned extends AsyncDisposable {
  readonly nodes: readonly Node[]
  /** What it takes to find them again, as JSON; absent when they cannot outlive their run. */
  readonly state?: unknown
  /**
   * Ends what leads to them; they go on without it. Throws an EnvironmentError when they cannot. Absent where nothing leads
   * to them.
   */
  leave?(): Promise<void>
}

export interface ProvisionerPlugin<P = unknown> extends Definable<P> {
  /** Providers that its nodes have, besides `node-info`: managers may require them. */
  readonly provides?: readonly string[]
  /** Brings up `count` nodes. */
  provision(context: ProvisionContext, properties: P): Promise<Provisioned>
  /** Finds the nodes again that an earlier run left; throws an EnvironmentError when they are gone. */
  resume?(context: ProvisionContext, state: unknown, properties: P): Promise<Provisioned>
}
