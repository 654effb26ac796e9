/** Judges the files that a run left behind, after everything was taken down. */
import type { Verdict } from '../model/verdict.ts'
import type { Operation } from './checker.ts'
import type { Definable } from './define.ts'

/** Files of one node group. */
export interface GroupArtifacts {
  readonly name: string
  readonly aliases: readonly string[]
  /** The group's directory, and those of its nodes below it, in the order of their ordinals. */
  readonly directory: string
  readonly nodes: readonly string[]
}

export interface ArtifactCheckContext {
  /** The run directory. */
  readonly directory: string
  /** By name or alias, in any case; throws a UserError for an unknown one. */
  group(name: string): GroupArtifacts
  readonly groups: readonly GroupArtifacts[]
  readonly history: readonly Operation[]
  /** Writes a line to logs/<name>.log. */
  log(line: string): void
  readonly signal: AbortSignal
}

export interface ArtifactCheckerPlugin<P = unknown> extends Definable<P> {
  /** One that throws makes the verdict `unknown`. Files that it makes, such as a report, go into a node's or group's directory. */
  check(
    context: ArtifactCheckContext,
    properties: P,
  ): Promise<{ readonly verdict: Verdict; readonly message: string }>
}
