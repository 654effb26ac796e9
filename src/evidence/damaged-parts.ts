/** Which parts cannot be read to the end. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { messageOf } from '../base/errors.ts'
import { fileLiteral, type PartFile } from './database.ts'
import type { Unreadable } from './part-files.ts'

/** Reads every column of every part, one after the other. */
export async function damagedParts(
  connection: DuckDBConnection,
  parts: readonly PartFile[],
): Promise<Unreadable[]> {
  const damaged: Unreadable[] = []
  for (const { file } of parts) {
    try {
      // A hash of the whole row makes DuckDB decode all columns of all rows.
      await connection.run(`SELECT max(hash(part)) FROM read_parquet(${fileLiteral(file)}) AS part`)
    } catch (error) {
      damaged.push({ file, why: messageOf(error) })
    }
  }
  return damaged
}
