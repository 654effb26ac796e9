/** Where collectors, samplers and parsers put what they saw. */
import type { Row, TableName } from '../model/tables.ts'

/** Takes rows of any table; common columns that a row leaves out come from the writer. */
export interface RowSink {
  add<T extends TableName>(table: T, row: Row<T>): void
  /** The columns of a table, for parsers of millions of rows; sinks that have none take rows. */
  bulk?<T extends TableName>(table: T): BulkTable
}

/** Rows by column: one value to each column that has one, then `endRow`. */
export interface BulkTable {
  /** A column by its name; throws for one that the table does not have. */
  column(name: string): BulkColumn
  /** Ends the row: columns that were given nothing are null, or what the sink fills in. */
  endRow(): void
}

/** Takes values without making JavaScript values of them; what does not fit the type becomes null. */
export interface BulkColumn {
  add(value: unknown): void
  /** An integer of at most 2^53. */
  addInteger(value: number): void
  /** A 64-bit integer by its upper half and its lower half, the latter modulo 2^32. */
  addInt64(high: number, low: number): void
  /** UTF-8 bytes from `start` up to `end`; they are copied. */
  addBytes(source: Uint8Array, start: number, end: number): void
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
