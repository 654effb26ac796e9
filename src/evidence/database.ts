/** An in-memory DuckDB over Parquet parts, locked so that queries can read these parts and nothing else. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DuckDBInstance,
  StatementType,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api'
import { messageOf, UserError } from '../base/errors.ts'
import { columnsOf, tableNames, type TableName } from '../model/tables.ts'
import type { Unreadable } from './part-files.ts'

/** A Parquet file, the table it belongs to, and the run. */
export interface PartFile {
  readonly run: string
  readonly table: TableName
  readonly file: string
}

export interface DatabaseOptions {
  /** Bytes that DuckDB may use before it spills to its temporary directory. 1 GiB. */
  readonly memoryBytes?: number
  readonly threads?: number
}

export interface Database {
  readonly connection: DuckDBConnection
  /** Parts whose footer DuckDB refused; no view has them. */
  readonly unreadable: readonly Unreadable[]
  close(): Promise<void>
}

const textLiteral = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** A path as DuckDB's glob matches it literally. */
export const fileLiteral = (path: string): string => textLiteral(path.replace(/[*?[]/g, '[$&]'))

/** One view for each table of the model; `withRun` puts a `run` column first. */
export async function openDatabase(
  parts: readonly PartFile[],
  withRun: boolean,
  { memoryBytes = 1 << 30, threads }: DatabaseOptions,
): Promise<Database> {
  const spill = join(tmpdir(), `quarry-${process.pid}-${randomBytes(4).toString('hex')}`)
  const instance = await DuckDBInstance.create(':memory:', {
    // No extension is fetched or loaded: Parquet and JSON are built in.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: `${Math.ceil(memoryBytes / 1024)}KiB`,
    temp_directory: spill,
    preserve_insertion_order: 'false',
    ...(threads === undefined ? {} : { threads: String(threads) }),
  })
  const connection = await instance.connect()
  const close = async (): Promise<void> => {
    connection.closeSync()
    instance.closeSync()
    await rm(spill, { recursive: true, force: true })
  }
  try {
    const columns = new Map<PartFile, ReadonlySet<string>>()
    const unreadable: Unreadable[] = []
    for (const part of parts) {
      try {
        columns.set(part, await columnsIn(connection, part.file))
      } catch (error) {
        unreadable.push({ file: part.file, why: messageOf(error) })
      }
    }
    for (const table of tableNames) {
      await connection.run(
        viewOf(
          table,
          [...columns].filter(([part]) => part.table === table),
          withRun,
        ),
      )
    }
    // Both forms of each path: the check sees the pattern first, and then the file that it matches.
    const paths = [...columns.keys()].flatMap(({ file }) => [textLiteral(file), fileLiteral(file)])
    await connection.run(`SET allowed_paths = [${paths.join(', ')}]`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    return { connection, unreadable, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Top-level columns of a part. A file that was written by another version may lack some, or have others. */
async function columnsIn(connection: DuckDBConnection, file: string): Promise<ReadonlySet<string>> {
  const statement = await connection.prepare(`SELECT * FROM read_parquet(${fileLiteral(file)})`)
  return new Set(Array.from({ length: statement.columnCount }, (_, index) => statement.columnName(index)))
}

function viewOf(
  table: TableName,
  parts: readonly (readonly [part: PartFile, columns: ReadonlySet<string>])[],
  withRun: boolean,
): string {
  // Parts of one run with the same columns are one scan.
  const scans = Map.groupBy(parts, ([part, columns]) => JSON.stringify([part.run, [...columns].toSorted()]))
  const selects = [...scans.values()].map((group) => {
    const [first] = group
    const run = first === undefined ? '' : first[0].run
    const files = group.map(([{ file }]) => fileLiteral(file)).join(', ')
    return selectOf(
      table,
      first?.[1] ?? new Set(),
      withRun ? run : undefined,
      `FROM read_parquet([${files}])`,
    )
  })
  if (selects.length === 0) selects.push(selectOf(table, new Set(), withRun ? '' : undefined, 'WHERE false'))
  return `CREATE VIEW ${table} AS ${selects.join(' UNION ALL ')}`
}

function selectOf(
  table: TableName,
  present: ReadonlySet<string>,
  run: string | undefined,
  from: string,
): string {
  const columns = columnsOf(table).map(
    ([name, { type }]) => `CAST(${present.has(name) ? `"${name}"` : 'NULL'} AS ${type}) AS "${name}"`,
  )
  if (run !== undefined) columns.unshift(`${textLiteral(run)} AS run`)
  return `SELECT ${columns.join(', ')} ${from}`
}

/** Prepares one SELECT; anything else, also a list of statements, is a UserError. */
export async function prepareSelect(
  connection: DuckDBConnection,
  sql: string,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql)
  if (statements.count !== 1) {
    throw new UserError(`expected one SELECT, found ${statements.count} statements`, {
      code: 'QUARRY_SQL',
      remedy: 'ask one question at a time',
    })
  }
  const statement = await statements.prepare(0)
  if (statement.statementType === StatementType.SELECT) return statement
  throw new UserError(`evidence is only read: ${StatementType[statement.statementType]} is not possible`, {
    code: 'QUARRY_SQL',
    remedy: 'use a SELECT, or copy the Parquet files elsewhere',
  })
}
