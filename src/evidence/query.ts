/**
 * Evidence as SQL tables: one view for each table of the model, over the Parquet parts of one run or of several.
 * Queries may come from a findings.json or a person we do not know: they can only read, and only these parts.
 */
import { resolve } from 'node:path'
import type { DuckDBConnection, DuckDBResultReader, DuckDBValue } from '@duckdb/node-api'
import { messageOf, UserError } from '../base/errors.ts'
import { tableNames } from '../model/tables.ts'
import { openDatabase, prepareSelect, type DatabaseOptions, type PartFile } from './database.ts'
import { findParts, tableDirectory, type Unreadable } from './part-files.ts'
import { damagedParts } from './damaged-parts.ts'

export interface RunSource {
  /** Value of the `run` column. */
  readonly name: string
  readonly directory: string
}

export interface Evidence extends AsyncDisposable {
  /**
   * Rows of one SELECT; `?` takes the parameters in order. Integers of 64 bits are bigints, lists are arrays, NULL is
   * null. A query that is wrong, or not a SELECT, is a UserError.
   */
  rows<T>(sql: string, parameters?: readonly unknown[]): Promise<T[]>
  /** The same as arrays, with the columns: names may repeat. */
  table(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<{ columns: { name: string; type: string }[]; rows: unknown[][] }>
  /** Names and DuckDB types of the columns that the query gives. */
  columns(sql: string): Promise<{ name: string; type: string }[]>
  /** Parts that were left out because they cannot be read: half written, or damaged. */
  readonly unreadable: readonly Unreadable[]
}

/**
 * Opens the evidence of a run, or of several: then each view has a leading `run` column. Tables without a part are
 * empty, with their columns and types.
 */
export async function openEvidence(
  runs: string | readonly RunSource[],
  options: DatabaseOptions = {},
): Promise<Evidence> {
  const withRun = typeof runs !== 'string'
  const unreadable: Unreadable[] = []
  let parts: PartFile[] = []
  for (const run of withRun ? runs : [{ name: '', directory: runs }]) {
    for (const table of tableNames) {
      const found = await findParts(tableDirectory(resolve(run.directory), table))
      parts.push(...found.files.map((file) => ({ run: run.name, table, file })))
      unreadable.push(...found.unreadable)
    }
  }
  let database = await openDatabase(parts, withRun, options)
  unreadable.push(...database.unreadable)

  // A part with an intact footer may still be damaged inside, which shows when it is read. Then all parts are read
  // once, those that cannot be are left out, and the query gets a second chance.
  const leaveOutDamaged = async (): Promise<boolean> => {
    const damaged = await damagedParts(database.connection, parts)
    if (damaged.length === 0) return false
    unreadable.push(...damaged)
    parts = parts.filter(({ file }) => !unreadable.some((other) => other.file === file))
    const previous = database
    database = await openDatabase(parts, withRun, options)
    await previous.close()
    return true
  }
  let recovery: Promise<boolean> | undefined
  const attempt = async <T>(query: (connection: DuckDBConnection) => Promise<T>): Promise<T> => {
    const { connection } = database
    try {
      return await query(connection)
    } catch (error) {
      const badSql = error instanceof UserError || isAboutTheQuery(error)
      if (badSql || !(await (recovery ??= leaveOutDamaged()))) throw asUserError(error)
    }
    try {
      return await query(database.connection)
    } catch (error) {
      throw asUserError(error)
    }
  }

  const read = (sql: string, parameters: readonly unknown[] = []): Promise<DuckDBResultReader> =>
    attempt(async (connection) => {
      const statement = await prepareSelect(connection, sql)
      if (parameters.length > 0) statement.bind(parameters.map(toDuckDB))
      return statement.runAndReadAll()
    })

  return {
    unreadable,
    rows: async <T>(sql: string, parameters?: readonly unknown[]) =>
      (await read(sql, parameters)).getRowObjectsJS() as T[],
    table: async (sql, parameters) => {
      const reader = await read(sql, parameters)
      return { columns: columnsOf(reader, reader.columnCount), rows: reader.getRowsJS() }
    },
    columns: (sql) =>
      attempt(async (connection) => {
        const statement = await prepareSelect(connection, sql)
        return columnsOf(statement, statement.columnCount)
      }),
    [Symbol.asyncDispose]: () => database.close(),
  }
}

function columnsOf(
  source: Pick<DuckDBResultReader, 'columnName' | 'columnType'>,
  count: number,
): { name: string; type: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    name: source.columnName(index),
    type: source.columnType(index).toString(),
  }))
}

/** Kinds of DuckDB's errors that no file is to blame for. */
const isAboutTheQuery = (error: unknown): boolean =>
  /^(Parser|Binder|Catalog|Permission|Conversion|Out of Range|Out of Memory|INTERRUPT) Error/.test(
    messageOf(error),
  )

function asUserError(error: unknown): Error {
  if (error instanceof UserError) return error
  return new UserError(`the query failed: ${messageOf(error).trimEnd()}`, {
    code: 'QUARRY_SQL',
    cause: error,
  })
}

function toDuckDB(value: unknown): DuckDBValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value
  throw new TypeError(
    `a query parameter must be a string, number, bigint, boolean or null, not ${typeof value}`,
  )
}
