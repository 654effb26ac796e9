/** Puts a system on the nodes of a group and takes it off again. Each ability is optional: what is absent is nothing to do. */
import type { Definable } from './define.ts'
import type { Node } from './node.ts'
import type { ProviderInfo } from './provider.ts'
import type { UndoLedger } from './undo.ts'

export interface ManagerContext {
  /** `<group>-<position>-<manager>`, the name of its log. */
  readonly name: string
  readonly nodes: readonly Node[]
  /** Nodes of another group, by name or alias; throws a UserError for an unknown one. */
  group(name: string): readonly Node[]
  /** Environment that commands on a node see: QUARRY_* and, for Fallout's scripts, FALLOUT_*. */
  environment(node: Node): Readonly<Record<string, string>>
  /** Says what there now is on a node: references `<<provider:...>>` and the environment of scripts have it from here. */
  provide(node: Node, provider: string, info: ProviderInfo): void
  /** Renders a Mustache template as the definition itself is rendered; throws a UserError with all that is wrong with it. */
  render(template: string, values: Readonly<Record<string, unknown>>): string
  /** Writes a line to the manager's log. */
  log(line: string): void
  /** Directory, on the controller, of the files that a node leaves behind. */
  artifacts(node: Node): string
  readonly ledger: UndoLedger
  /** The same, for effects on that node itself, which may be another host. */
  ledgerOf(node: Node): UndoLedger
  readonly signal: AbortSignal
}

export interface ManagerPlugin<P = unknown> extends Definable<P> {
  /** Providers that it registers, and those that must be there before it configures. They give the order of several. */
  readonly provides: readonly string[]
  readonly requires: readonly string[]
  /** Everything up to a system that is ready to be started. */
  configure?(context: ManagerContext, properties: P): Promise<void>
  /** Resolves when it serves. */
  start?(context: ManagerContext, properties: P): Promise<void>
  stop?(context: ManagerContext, properties: P): Promise<void>
  unconfigure?(context: ManagerContext, properties: P): Promise<void>
  /** Puts files among the artifacts: before the services are stopped, and after. */
  prepareArtifacts?(context: ManagerContext, properties: P): Promise<void>
  collectArtifacts?(context: ManagerContext, properties: P): Promise<void>
}
