/** Writes rows of `syscalls` by column where the sink can, else row by row. */
import type { Row } from '../../../model/tables.ts'
import type { BulkColumn, BulkTable, RowSink } from '../../../plugin/evidence.ts'

/** The columns of `syscalls` in any sink. */
export function syscallsOf(sink: RowSink): BulkTable {
  return sink.bulk?.('syscalls') ?? rowByRow(sink)
}

function rowByRow(sink: RowSink): BulkTable {
  let row: Record<string, unknown> = {}
  return {
    column: (name): BulkColumn => ({
      add: (value) => {
        row[name] = value
      },
      addInteger: (value) => {
        row[name] = value
      },
      addInt64: (high, low) => {
        row[name] = (BigInt(high) << 32n) | BigInt(low >>> 0)
      },
      addBytes: (source, start, end) => {
        row[name] = Buffer.from(source.buffer, source.byteOffset + start, end - start).toString()
      },
    }),
    endRow: () => {
      const done: Row<'syscalls'> = row
      row = {}
      sink.add('syscalls', done)
    },
  }
}
