/**
 * Writes evidence: rows are buffered by column, full row groups are compressed and written on the thread pool, and
 * `flush` makes everything so far durable as whole Parquet files. A `kill -9` loses at most what came after it.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { tableNames, type Row, type TableName } from '../model/tables.ts'
import type { BulkTable, RowSink } from '../plugin/evidence.ts'
import { diskError } from './disk-error.ts'
import { compressRowGroup, compressRowGroupSync } from './parquet.ts'
import { tableDirectory } from './part-files.ts'
import { Part } from './part-writer.ts'
import { TableBuffer } from './table-buffer.ts'

/** DuckDB reads row groups in parallel and prunes by them; its own have 122,880 rows. */
const ROW_GROUP_ROWS = 131_072
const ROW_GROUP_BYTES = 32 << 20
const PART_ROWS = 2_097_152
/** Row groups that may wait for the thread pool before the writer compresses on its own thread: the bound of memory. */
const MAX_PENDING = 3

export interface EvidenceWriter extends AsyncDisposable {
  /** Takes rows; what they leave out of the common columns is filled in, `ts` by the clock. */
  sink(common: { readonly node: string; readonly collector: string; readonly capture: string }): RowSink
  /**
   * Makes all rows so far durable. Rejects with an EnvironmentError when the disk refuses: the rows of the part being
   * written are lost then, earlier parts stay, and later rows are taken as before.
   */
  flush(): Promise<void>
}

/** Opens the writer of a run; several may write to one run, their parts have different names. */
export function openEvidenceWriter(
  runDirectory: string,
  { clock }: { readonly clock: Clock },
): EvidenceWriter {
  const session = randomBytes(4).toString('hex')
  const tables = new Map<TableName, TableWriter>()
  const writerOf = (table: TableName): TableWriter => {
    const known = tables.get(table)
    if (known !== undefined) return known
    if (!tableNames.includes(table)) throw new Error(`there is no evidence table called ${String(table)}`)
    const created = new TableWriter(table, tableDirectory(runDirectory, table), session)
    tables.set(table, created)
    return created
  }
  const flush = async (): Promise<void> => {
    const results = await Promise.allSettled([...tables.values()].map((table) => table.flush()))
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []))
    if (failed[0] !== undefined) throw failed[0]
  }
  return {
    sink: (common) => ({
      add<T extends TableName>(table: T, row: Row<T>): void {
        const values: Readonly<Record<string, unknown>> = row
        writerOf(table).add(values, values['ts'] === undefined ? { ...common, ts: clock.now() } : common)
      },
      bulk: (table) => writerOf(table).bulk(common, clock),
    }),
    flush,
    [Symbol.asyncDispose]: flush,
  }
}

/** Buffer and current part of one table. */
class TableWriter {
  readonly #table: TableName
  readonly #directory: string
  readonly #session: string
  readonly #buffer: TableBuffer
  #parts = 0
  #part: { readonly part: Part; readonly writes: Promise<void>[]; rows: number } | undefined
  #pending = 0
  #failures: Error[] = []
  #committing: Promise<void>[] = []

  constructor(table: TableName, directory: string, session: string) {
    this.#table = table
    this.#directory = directory
    this.#session = session
    this.#buffer = new TableBuffer(table)
  }

  add(row: Readonly<Record<string, unknown>>, defaults: Readonly<Record<string, unknown>>): void {
    this.#buffer.add(row, defaults)
    this.#rowAdded()
  }

  bulk(common: Readonly<Record<string, unknown>>, clock: Clock): BulkTable {
    const buffer = this.#buffer
    const timestamps = buffer.column('ts')
    const defaults = buffer.columns.map(([name]) => common[name])
    return {
      column: (name) => buffer.column(name),
      endRow: () => {
        if (timestamps.length === buffer.rows) timestamps.add(clock.now())
        buffer.endRow(defaults)
        this.#rowAdded()
      },
    }
  }

  async flush(): Promise<void> {
    if (this.#buffer.rows > 0) this.#endRowGroup()
    this.#endPart()
    while (this.#committing.length > 0) await Promise.all(this.#committing.splice(0))
    const failure = this.#failures[0]
    this.#failures = []
    if (failure !== undefined) throw failure
  }

  #rowAdded(): void {
    const { rows } = this.#buffer
    const large = rows % 64 === 0 && this.#buffer.size >= ROW_GROUP_BYTES
    if (large || rows >= ROW_GROUP_ROWS) this.#endRowGroup()
  }

  #endRowGroup(): void {
    const { rows, chunks } = this.#buffer.take()
    const { columns } = this.#buffer
    const current = (this.#part ??= { part: this.#newPart(), writes: [], rows: 0 })
    const group =
      this.#pending < MAX_PENDING
        ? compressRowGroup(columns, chunks, rows)
        : Promise.resolve(compressRowGroupSync(columns, chunks, rows))
    this.#pending++
    const written = group
      .then((compressed) => current.part.write(compressed))
      .finally(() => {
        this.#pending--
      })
    // It is awaited when the part ends; until then a failure must not count as unhandled.
    written.catch(() => {})
    current.writes.push(written)
    current.rows += rows
    if (current.rows >= PART_ROWS) this.#endPart()
  }

  #endPart(): void {
    const current = this.#part
    if (current === undefined) return
    this.#part = undefined
    this.#committing.push(this.#commit(current.part, current.writes, current.rows))
  }

  async #commit(part: Part, writes: readonly Promise<void>[], rows: number): Promise<void> {
    try {
      await Promise.all(writes)
      await part.commit()
    } catch (error) {
      await Promise.allSettled(writes)
      await part.discard()
      this.#failures.push(
        diskError(error, `write ${rows} rows of table ${this.#table} to ${this.#directory}`),
      )
    }
  }

  #newPart(): Part {
    const number = String(++this.#parts).padStart(6, '0')
    return new Part(join(this.#directory, `${number}-${this.#session}.parquet`), this.#buffer.columns)
  }
}
