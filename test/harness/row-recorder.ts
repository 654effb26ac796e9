/** A row sink that remembers, for tests of parsers and collectors. */
import type { Row, TableName } from '../../src/model/tables.ts'
import type { Parser, RowSink } from '../../src/plugin/evidence.ts'

export interface RowRecorder extends RowSink {
  /** Rows of one table in the order in which they were added. */
  of<T extends TableName>(table: T): Row<T>[]
}

/** A sink that keeps what it is given. */
export function recordRows(): RowRecorder {
  const kept = new Map<TableName, unknown[]>()
  const of = <T extends TableName>(table: T): Row<T>[] => {
    let rows = kept.get(table)
    if (rows === undefined) kept.set(table, (rows = []))
    return rows as Row<T>[]
  }
  return { of, add: (table, row) => void of(table).push(row) }
}

/** Feeds all of `output` to the parser in chunks of `size` bytes and ends it. */
export function parseAll(
  parser: Parser,
  output: string | Uint8Array,
  size = 4096,
): ReturnType<Parser['end']> {
  const bytes = Buffer.from(output)
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size))
  return parser.end()
}
