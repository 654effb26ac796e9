/** A step of the workload. */
import type { Clock } from '../base/clock.ts'
import type { Definable } from './define.ts'
import type { ClientOperation } from './checker.ts'
import type { Lifetime } from '../model/definition.ts'
import type { RunLevel } from '../model/run-level.ts'
import type { Node } from './node.ts'
import type { Providers } from './provider.ts'
import type { Labels } from '../model/series.ts'
import type { UndoLedger } from './undo.ts'

/** A metric as a module sees it now; it gets the labels `module` and `node` beside its own. */
export interface MetricValue {
  readonly metric: string
  readonly labels: Labels
  readonly value: number
}

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
  /**
   * Appends what one of many clients did at `ts`, ns, by the clock of the run: evidence for a checker, and not how the
   * module itself fared. It may be told late.
   */
  clientOperation(kind: 'invoke' | 'ok' | 'fail' | 'info', value: ClientOperation, ts: bigint): void
  /** Values of metrics that symptoms are about; a series that the next call for the node leaves out goes stale. */
  metrics(node: Node, values: readonly MetricValue[]): void
  /** Clock of the run. */
  readonly clock: Clock
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
  /** The same for what it does on a node, which may be another machine. */
  ledgerOf(node: Node): UndoLedger
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
