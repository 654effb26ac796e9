/** Gathers evidence on one layer, once, for one climb of the ladder. */
import type { Clock } from '../base/clock.ts'
import type { TableName } from '../model/tables.ts'
import type { Target } from '../model/run.ts'
import type { Tier } from '../model/tier.ts'
import type { Definable } from './define.ts'
import type { Parser, ParseStats, RowSink } from './evidence.ts'
import type { Node } from './node.ts'
import type { UndoLedger } from './undo.ts'

/** A probe whose command can be run once more, under observation. */
export interface ProbeCommand {
  readonly probe: string
  /** A shell command line. */
  readonly command: string
  readonly environment: Readonly<Record<string, string>>
}

export interface CollectContext {
  readonly node: Node
  /** Processes on this node that the symptom points at; may be empty. */
  readonly targets: readonly Target[]
  /** Commands of the sick probes: `stop` collectors run them under their tool when there is no lasting process. */
  readonly commands: readonly ProbeCommand[]
  /** How long to look, for collectors that look for a while. */
  readonly windowMs: number
  /** Clock of the run: rows are stamped with it, whatever happens to the wall clock meanwhile. */
  readonly clock: Clock
  readonly rows: RowSink
  /** Feeds raw output to a parser and keeps it, compressed, as evidence/raw/<collector>/<name>.zst. */
  ingest(
    name: string,
    output: AsyncIterable<Uint8Array> | Uint8Array | string,
    parser?: Parser,
  ): Promise<ParseStats>
  readonly ledger: UndoLedger
  /** Something to say in the case file, such as a tool's warning. */
  note(sentence: string): void
  readonly signal: AbortSignal
}

export interface CollectorPlugin<P = unknown> extends Definable<P> {
  readonly tier: Tier
  /** What it shows, for people: `open files, epoll sets`. */
  readonly shows: string
  readonly tables: readonly TableName[]
  /** Whether the default ladder has it. */
  readonly inDefaultLadder: boolean
  /** Whether it also climbs on the reference. `change` never does. */
  readonly onReference: boolean
  /** It looks at a network: it climbs for each network of a host that nodes have, not once for the host. */
  readonly perNetwork?: true
  /** It looks at a virtual machine from outside: also when nothing in it answers any more. */
  readonly fromOutside?: true
  collect(context: CollectContext, properties: P): Promise<void>
}
