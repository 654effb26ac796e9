/** Questions in SQL to CSV files, which may come from a system under test, by queries that see nothing else. */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { messageOf, UserError } from '../base/errors.ts'
import { fileLiteral, prepareSelect } from './database.ts'

export interface CsvQuestion {
  /** Files by the names of their tables. */
  readonly tables: ReadonlyMap<string, string>
  /** One character. */
  readonly separator: string
  readonly sql: string
}

/**
 * The first cell of the first row as text; null for NULL, undefined when there is no row. Columns are those of the
 * header, and all are texts, as in H2's CSVREAD. A UserError says what is wrong with a file or the query.
 */
export const queryCsv = ({ tables, separator, sql }: CsvQuestion): Promise<string | null | undefined> =>
  withTables(tables, separator, async (connection) => {
    const statement = await prepareSelect(connection, sql)
    const [row] = (await statement.runAndReadUntil(1)).getRowsJson()
    const cell = row?.[0]
    if (row === undefined || cell === null || cell === undefined) return row === undefined ? undefined : null
    return typeof cell === 'string' ? cell : JSON.stringify(cell)
  })

/** A whole file, which has a header: its columns, and its rows as texts; an empty cell is null. */
export const readCsv = (
  file: string,
): Promise<{ columns: readonly string[]; rows: readonly (readonly (string | null)[])[] }> =>
  withTables(new Map([['file', file]]), undefined, async (connection) => {
    const reader = await connection.runAndReadAll('SELECT * FROM file')
    const rows = reader
      .getRowsJson()
      .map((row) => row.map((cell) => (typeof cell === 'string' ? cell : null)))
    return { columns: reader.columnNames(), rows }
  })

/** The separator is found out when left out. */
async function withTables<T>(
  tables: ReadonlyMap<string, string>,
  separator: string | undefined,
  ask: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: '1GiB',
    // Nothing is spilled: a file that is too large for the memory is refused.
    temp_directory: '',
  })
  try {
    const connection = await instance.connect()
    const delimiter = separator === undefined ? '' : `delim = '${separator.replaceAll("'", "''")}', `
    for (const [name, file] of tables) {
      await connection.run(
        `CREATE TABLE "${name.replaceAll('"', '""')}" AS SELECT * FROM read_csv(${fileLiteral(file)},
           header = true, all_varchar = true, ${delimiter}quote = '"', escape = '"', auto_detect = true)`,
      )
    }
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    return await ask(connection)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`the query failed: ${messageOf(error).trimEnd()}`, {
      code: 'QUARRY_SQL',
      cause: error,
    })
  } finally {
    instance.closeSync()
  }
}
