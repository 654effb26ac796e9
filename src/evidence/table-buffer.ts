/** Rows of one table that are not yet written, by column. */
import { columnsOf, type Column, type ColumnType, type TableName } from '../model/tables.ts'
import { BooleanColumn, NumberColumn, type ColumnBuilder, type ColumnChunk } from './column.ts'
import { TextColumn, TextListColumn } from './text-column.ts'

const builderOf = (type: ColumnType): ColumnBuilder => {
  switch (type) {
    case 'bigint':
    case 'integer':
    case 'double':
      return new NumberColumn(type)
    case 'boolean':
      return new BooleanColumn()
    case 'varchar':
      return new TextColumn()
    case 'varchar[]':
      return new TextListColumn()
  }
}

export class TableBuffer {
  readonly columns: readonly (readonly [name: string, column: Column])[]
  readonly builders: readonly ColumnBuilder[]
  readonly #names: readonly string[]
  rows = 0

  constructor(table: TableName) {
    this.columns = columnsOf(table)
    this.#names = this.columns.map(([name]) => name)
    this.builders = this.columns.map(([, { type }]) => builderOf(type))
  }

  /** Bytes before compression, roughly. */
  get size(): number {
    let size = 0
    for (const builder of this.builders) size += builder.size
    return size
  }

  /** `defaults` gives the columns that the row leaves out. */
  add(row: Readonly<Record<string, unknown>>, defaults: Readonly<Record<string, unknown>>): void {
    for (let index = 0; index < this.builders.length; index++) {
      const name = this.#names[index] ?? ''
      const value = row[name] ?? defaults[name]
      if (value === undefined || value === null) this.builders[index]?.addNull()
      else this.builders[index]?.add(value)
    }
    this.rows++
  }

  /** Ends a row whose values were put into the columns one by one; `defaults` has a value for each column. */
  endRow(defaults: readonly unknown[]): void {
    const rows = ++this.rows
    const { builders } = this
    for (let index = 0; index < builders.length; index++) {
      const builder = builders[index]
      if (builder !== undefined && builder.length < rows) builder.add(defaults[index])
    }
  }

  /** The column with that name. */
  column(name: string): ColumnBuilder {
    const builder = this.builders[this.#names.indexOf(name)]
    if (builder === undefined) throw new Error(`there is no column ${name}`)
    return builder
  }

  /** The rows so far as column chunks; the buffer is empty afterwards. */
  take(): { readonly rows: number; readonly chunks: readonly ColumnChunk[] } {
    const rows = this.rows
    this.rows = 0
    return { rows, chunks: this.builders.map((builder) => builder.finish()) }
  }
}
