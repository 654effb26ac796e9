/** Where collectors, samplers and parsers put what they saw. */
import type { Row, TableName } from '../model/tables.ts'

/** Takes rows of any table; common columns that a row leaves out come from the writer. */
export interface RowSink {
  add<T extends TableName>(table: T, row: Row<T>): void
}

export interface ParseStats {
  readonly lines: number
  readonly rows: number
  /** Lines that were not understood, also the truncated last one. */
  readonly bad: number
}

/** A streaming parser of one tool's output. Chunks may end anywhere, also inside a character. */
export interface Parser {
  push(chunk: Uint8Array): void
  /** No more input: flushes what is pending and counts. */
  end(): ParseStats
}
