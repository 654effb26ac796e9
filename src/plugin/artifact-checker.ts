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

export interface CsvQuery {
  readonly tables: ReadonlyMap<string, string>
  readonly separator: string
  readonly sql: string
}

export interface ArtifactCheckContext {
  /** The run directory. */
  readonly directory: string
  /** By name or alias, in any case; throws a UserError for an unknown one. */
  group(name: string): GroupArtifacts
  readonly groups: readonly GroupArtifacts[]
  readonly history: readonly Operation[]
  /** Directory of the definition, from which its user counts paths. */
  readonly definitionDirectory: string
  /**
   * First cell of the first row of a SELECT over CSV files with a header, by the names of their tables; all columns are
   * texts, and NULL is null. The query sees nothing but these tables. A UserError says what is wrong with it or a file.
   */
  queryCsv(query: CsvQuery): Promise<string | null | undefined>
  /**
   * Writes the performance report of the histogram logs below a directory into it, and gives the names of its series.
   * Throws a UserError when there is no log.
   */
  performanceReport(directory: string, prefix: string): Promise<readonly string[]>
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
