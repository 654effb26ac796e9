/** A step of the workload. */
import type { Definable } from './define.ts'
import type { Lifetime } from '../model/definition.ts'
import type { RunLevel } from '../model/run-level.ts'
import type { Node } from './node.ts'
import type { Providers } from './provider.ts'
import type { UndoLedger } from './undo.ts'

export interface ModuleContext {
  /** Alias in the definition. */
  readonly name: string
  /** Those that are up, of all groups. */
  readonly nodes: readonly Node[]
  /** Nodes of a group, by name or alias; throws a UserError for an unknown one. */
  group(name: string): readonly Node[]
  /** Environment that commands on a node see: QUARRY_* and, for Fallout's scripts, FALLOUT_*. */
  environment(node: Node): Readonly<Record<string, string>>
  /** Appends to the operation history. */
  operation(kind: 'invoke' | 'ok' | 'fail' | 'info', value?: unknown): void
  /** Writes a line to the module's log. */
  log(line: string): void
  /** Directory, on the controller, of the files that a node leaves behind. */
  artifacts(node: Node): string
  /** What there is on a node, by name. */
  providers(node: Node): Providers
  /** Renders a Mustache template as the definition itself is rendered; throws a UserError with all that is wrong with it. */
  render(template: string, values: Readonly<Record<string, unknown>>): string
  /** Run level of a node group. */
  level(group: string): RunLevel
  /** Brings a node group to another run level. */
  transition(group: string, level: RunLevel): Promise<void>
  /** Whatever the module does outside the run directory goes here first: it is undone also when Quarry is killed. */
  readonly ledger: UndoLedger
  readonly lifetime: Lifetime
  /** Aborts when the siblings that run once have ended: a phase-lifetime module returns then, without error. */
  readonly endOfPhase: AbortSignal
  /** Aborts when the run is aborted or the module's time is up. */
  readonly signal: AbortSignal
}

export interface ModulePlugin<P = unknown> extends Definable<P> {
  /** `dynamic` modules take a `lifetime` property; the others have a fixed one. */
  readonly lifetime: Lifetime | 'dynamic'
  /** That of a dynamic module when the definition says none; `run_once` when left out. */
  readonly defaultLifetime?: Lifetime
  /** A failure of the system under test is a `fail` operation; a throw is a failure of the module. */
  run(context: ModuleContext, properties: P): Promise<void>
}
