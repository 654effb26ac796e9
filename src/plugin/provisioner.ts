/** Where nodes come from. */
import type { Node } from './node.ts'
import type { UndoLedger } from './undo.ts'
import type { Definable } from './define.ts'

export interface ProvisionContext {
  readonly run: string
  readonly group: string
  readonly count: number
  /** Directory of the group below the run directory; artifacts of node n go to its subdirectory `n`. */
  readonly directory: string
  readonly ledger: UndoLedger
  readonly signal: AbortSignal
}

export interface ProvisionerPlugin<P = unknown> extends Definable<P> {
  /** Brings up `count` nodes; disposing the result gives them back. */
  provision(
    context: ProvisionContext,
    properties: P,
  ): Promise<{ readonly nodes: readonly Node[] } & AsyncDisposable>
}
