/**
 * The layout of a Parquet file: pages, column chunks, row groups, footer (apache/parquet-format, README.md and
 * parquet.thrift). Version 1 data pages, zstd, and only the types of `src/model/tables.ts`.
 */
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib'
import { promisify } from 'node:util'
import type { Column, ColumnType } from '../model/tables.ts'
import type { ColumnChunk, Page } from './column.ts'
import {
  binary,
  encodeThrift,
  i32,
  i64,
  list,
  struct,
  text,
  type ThriftField,
  type ThriftValue,
} from './thrift.ts'

export const MAGIC = Buffer.from('PAR1')

const PHYSICAL_TYPES = { boolean: 0, integer: 1, bigint: 2, double: 5, varchar: 6, 'varchar[]': 6 } as const
const PLAIN = 0
const RLE = 3
const RLE_DICTIONARY = 8
const ZSTD = 6
const OPTIONAL = 1
const REPEATED = 2
const UTF8 = 0
const LIST = 3

/** Level 1: evidence is written while a system is being observed, so CPU time matters more than the last percents. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const compressInPool = promisify(zstdCompress)

/** A row group ready to be written: its bytes, and its description once it is known where they begin. */
export interface RowGroup {
  readonly rows: number
  readonly bytes: readonly Buffer[]
  readonly length: number
  describe(offset: number): ThriftValue
}

/** Compresses on the thread pool, so that the event loop and its ticks go on. */
export async function compressRowGroup(
  columns: readonly (readonly [name: string, column: Column])[],
  chunks: readonly ColumnChunk[],
  rows: number,
): Promise<RowGroup> {
  const compressed = await Promise.all(
    chunks.map((chunk) => Promise.all(chunk.pages.map((page) => compressInPool(page.bytes, options)))),
  )
  return assemble(columns, chunks, rows, compressed)
}

/** The same on the calling thread. */
export function compressRowGroupSync(
  columns: readonly (readonly [name: string, column: Column])[],
  chunks: readonly ColumnChunk[],
  rows: number,
): RowGroup {
  const compressed = chunks.map((chunk) => chunk.pages.map((page) => zstdCompressSync(page.bytes, options)))
  return assemble(columns, chunks, rows, compressed)
}

/** What follows the last row group: metadata, its length, and the magic number. */
export function footer(
  columns: readonly (readonly [name: string, column: Column])[],
  rowGroups: readonly ThriftValue[],
  rows: number,
): Buffer {
  const root = struct([4, text('schema')], [5, i32(columns.length)])
  const schema = [root, ...columns.flatMap(([name, { type }]) => schemaOf(name, type))]
  const metadata = encodeThrift(
    struct(
      [1, i32(1)],
      [2, list('struct', schema)],
      [3, i64(rows)],
      [4, list('struct', rowGroups)],
      [6, text('quarry')],
    ),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(metadata.length)
  return Buffer.concat([metadata, length, MAGIC])
}

function assemble(
  columns: readonly (readonly [name: string, column: Column])[],
  chunks: readonly ColumnChunk[],
  rows: number,
  compressed: readonly (readonly Buffer[])[],
): RowGroup {
  const bytes: Buffer[] = []
  const descriptions: ((offset: number) => ThriftValue)[] = []
  let length = 0
  let uncompressed = 0
  columns.forEach(([name, { type }], index) => {
    const chunk = chunks[index]
    const bodies = compressed[index]
    if (chunk === undefined || bodies === undefined) throw new Error(`no chunk for column ${name}`)
    const written = writePages(chunk.pages, bodies)
    bytes.push(...written.bytes)
    const start = length
    length += written.length
    uncompressed += written.uncompressed
    descriptions.push((offset) => describeChunk(name, type, chunk, written, offset + start))
  })
  const describe = (offset: number): ThriftValue =>
    struct(
      [
        1,
        list(
          'struct',
          descriptions.map((description) => description(offset)),
        ),
      ],
      [2, i64(uncompressed)],
      [3, i64(rows)],
    )
  return { rows, bytes, length, describe }
}

interface WrittenPages {
  readonly bytes: readonly Buffer[]
  readonly length: number
  readonly uncompressed: number
  /** Where the first data page begins, and the dictionary page if there is one. */
  readonly dataOffset: number
  readonly dictionaryOffset: number | undefined
}

function writePages(pages: readonly Page[], bodies: readonly Buffer[]): WrittenPages {
  const bytes: Buffer[] = []
  let length = 0
  let uncompressed = 0
  let dataOffset: number | undefined
  let dictionaryOffset: number | undefined
  pages.forEach((page, index) => {
    const body = bodies[index]
    if (body === undefined) throw new Error('a page was not compressed')
    const header = pageHeader(page, body.length)
    if (page.kind === 'dictionary') dictionaryOffset = length
    else dataOffset ??= length
    bytes.push(header, body)
    length += header.length + body.length
    uncompressed += header.length + page.bytes.length
  })
  return { bytes, length, uncompressed, dataOffset: dataOffset ?? 0, dictionaryOffset }
}

function pageHeader(page: Page, compressedLength: number): Buffer {
  const sizes: ThriftField[] = [
    [2, i32(page.bytes.length)],
    [3, i32(compressedLength)],
  ]
  const values: ThriftField = [1, i32(page.values)]
  if (page.kind === 'dictionary') {
    return encodeThrift(struct([1, i32(2)], ...sizes, [7, struct(values, [2, i32(PLAIN)])]))
  }
  const encoding: ThriftField = [2, i32(page.kind === 'indices' ? RLE_DICTIONARY : PLAIN)]
  return encodeThrift(
    struct([1, i32(0)], ...sizes, [5, struct(values, encoding, [3, i32(RLE)], [4, i32(RLE)])]),
  )
}

function describeChunk(
  name: string,
  type: ColumnType,
  chunk: ColumnChunk,
  written: WrittenPages,
  offset: number,
): ThriftValue {
  const path = type === 'varchar[]' ? [name, 'list', 'element'] : [name]
  const fields: ThriftField[] = [
    [1, i32(PHYSICAL_TYPES[type])],
    [2, list('i32', [PLAIN, RLE, RLE_DICTIONARY].map(i32))],
    [3, list('binary', path.map(text))],
    [4, i32(ZSTD)],
    [5, i64(chunk.values)],
    [6, i64(written.uncompressed)],
    [7, i64(written.length)],
    [9, i64(offset + written.dataOffset)],
  ]
  if (written.dictionaryOffset !== undefined) fields.push([11, i64(offset + written.dictionaryOffset)])
  if (chunk.range !== undefined) {
    const [least, largest] = chunk.range
    fields.push([12, struct([3, i64(chunk.nulls)], [5, binary(largest)], [6, binary(least)])])
  }
  return struct([2, i64(offset)], [3, struct(...fields)])
}

function schemaOf(name: string, type: ColumnType): ThriftValue[] {
  const leaf = (leafName: string): ThriftValue => {
    const fields: ThriftField[] = [
      [1, i32(PHYSICAL_TYPES[type])],
      [3, i32(OPTIONAL)],
      [4, text(leafName)],
    ]
    if (PHYSICAL_TYPES[type] === PHYSICAL_TYPES.varchar) fields.push([6, i32(UTF8)])
    return struct(...fields)
  }
  if (type !== 'varchar[]') return [leaf(name)]
  return [
    struct([3, i32(OPTIONAL)], [4, text(name)], [5, i32(1)], [6, i32(LIST)]),
    struct([3, i32(REPEATED)], [4, text('list')], [5, i32(1)]),
    leaf('element'),
  ]
}
