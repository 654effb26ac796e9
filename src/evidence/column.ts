/**
 * Columns under construction. Values are kept in the form in which Parquet stores them, so that finishing a row group
 * is mostly a copy. Rows come one value at a time (`add`), or, from parsers of big files, as integers and byte ranges
 * that never become JavaScript values.
 */
import type { ColumnType } from '../model/tables.ts'
import type { BulkColumn } from '../plugin/evidence.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { bitWidth, writeBitmap, writeHybrid, writeRun } from './hybrid.ts'

/** A page before compression. `values` counts nulls too. */
export interface Page {
  readonly kind: 'dictionary' | 'indices' | 'plain'
  readonly values: number
  readonly bytes: Buffer
}

/** One column of one row group. */
export interface ColumnChunk {
  readonly values: number
  readonly nulls: number
  readonly pages: readonly Page[]
  /** Smallest and largest value as Parquet's statistics hold them. */
  readonly range?: readonly [least: Buffer, largest: Buffer]
}

export interface ColumnBuilder extends BulkColumn {
  readonly type: ColumnType
  /** Values so far, nulls included. */
  readonly length: number
  /** Bytes that the values so far take before compression, roughly. */
  readonly size: number
  addNull(): void
  /** The values so far; the builder is empty afterwards. */
  finish(): ColumnChunk
}

/** Which rows have a value. Bits are only written once there is a null: most columns have none. */
export class Validity {
  bits = new Uint8Array(0)
  length = 0
  nulls = 0

  pushValid(): void {
    const index = this.length++
    if (this.nulls === 0) return
    if (index >>> 3 >= this.bits.length) this.#grow()
    this.bits[index >>> 3] = (this.bits[index >>> 3] ?? 0) | (1 << (index & 7))
  }

  pushNull(): void {
    const index = this.length++
    if (index >>> 3 >= this.bits.length) this.#grow()
    if (this.nulls++ > 0) return
    this.bits.fill(0xff, 0, index >>> 3)
    this.bits[index >>> 3] = (1 << (index & 7)) - 1
  }

  get count(): number {
    return this.length - this.nulls
  }

  /** The definition levels at the head of a version 1 data page, with their length before them. */
  writeLevels(out: ByteBuffer): void {
    const start = out.length
    out.uint32(0)
    const alike = this.nulls === 0 || this.nulls === this.length
    if (alike) writeRun(out, this.nulls === 0 ? 1 : 0, this.length, 1)
    else writeBitmap(out, this.bits, this.length)
    out.bytes.writeUInt32LE(out.length - start - 4, start)
  }

  /** The bits by themselves, least significant first. */
  writeBits(out: ByteBuffer): void {
    const bytes = Math.ceil(this.length / 8)
    if (this.nulls > 0) return out.append(this.bits, 0, bytes)
    out.reserve(bytes)
    out.bytes.fill(0xff, out.length, out.length + bytes)
    out.length += bytes
  }

  clear(): void {
    this.bits.fill(0)
    this.length = 0
    this.nulls = 0
  }

  #grow(): void {
    this.bits = enlarged(this.bits, Math.max(128, (this.length >>> 2) + 1))
  }
}

/** Numbers of a fixed width: `bigint`, `integer` and `double`. */
export class NumberColumn implements ColumnBuilder {
  readonly type: 'bigint' | 'integer' | 'double'
  readonly #width: 4 | 8
  readonly #validity = new Validity()
  #memory = new ArrayBuffer(8192)
  #words = new Int32Array(this.#memory)
  #doubles = new Float64Array(this.#memory)
  #bigints = new BigInt64Array(this.#memory)

  constructor(type: 'bigint' | 'integer' | 'double') {
    this.type = type
    this.#width = type === 'integer' ? 4 : 8
  }

  get length(): number {
    return this.#validity.length
  }

  get size(): number {
    return this.#validity.count * this.#width
  }

  add(value: unknown): void {
    if (typeof value === 'bigint') this.#addBigint(value)
    else if (typeof value !== 'number') this.addNull()
    else if (this.type === 'double') this.#addDouble(value)
    else if (!Number.isFinite(value)) this.addNull()
    else if (this.type === 'integer') this.addInteger(value)
    else if (Number.isSafeInteger(value)) this.addInteger(value)
    else this.#addBigint(BigInt(Math.round(value)))
  }

  addNull(): void {
    this.#validity.pushNull()
  }

  addBytes(): void {
    this.addNull()
  }

  addInteger(value: number): void {
    if (this.#width === 4) {
      const rounded = Math.round(value)
      if (rounded !== (rounded | 0)) return this.addNull()
      const index = this.#next()
      this.#words[index] = rounded
    } else if (this.type === 'double') this.#addDouble(value)
    else this.addInt64(Math.floor(value / 4_294_967_296), value)
  }

  addInt64(high: number, low: number): void {
    if (this.type !== 'bigint') return this.addNull()
    const index = this.#next() * 2
    this.#words[index] = low
    this.#words[index + 1] = high
  }

  finish(): ColumnChunk {
    const { length, nulls, count } = this.#validity
    const out = new ByteBuffer(count * this.#width + (length >>> 3) + 32)
    this.#validity.writeLevels(out)
    out.append(new Uint8Array(this.#memory, 0, count * this.#width))
    const range = this.type === 'bigint' && count > 0 ? { range: this.#range(count) } : {}
    this.#validity.clear()
    return { values: length, nulls, pages: [{ kind: 'plain', values: length, bytes: out.copy() }], ...range }
  }

  #addBigint(value: bigint): void {
    if (this.type === 'double') return this.#addDouble(Number(value))
    if (this.type === 'integer') return this.addInteger(Number(value))
    if (value !== BigInt.asIntN(64, value)) return this.addNull()
    const index = this.#next()
    this.#bigints[index] = value
  }

  #addDouble(value: number): void {
    const index = this.#next()
    this.#doubles[index] = value
  }

  // Callers take the index first: this may replace the arrays.
  #next(): number {
    const index = this.#validity.count
    if ((index + 1) * this.#width > this.#memory.byteLength) {
      const memory = new ArrayBuffer(this.#memory.byteLength * 2)
      new Uint8Array(memory).set(new Uint8Array(this.#memory))
      this.#memory = memory
      this.#words = new Int32Array(memory)
      this.#doubles = new Float64Array(memory)
      this.#bigints = new BigInt64Array(memory)
    }
    this.#validity.pushValid()
    return index
  }

  #range(count: number): [Buffer, Buffer] {
    let least = 0
    let largest = 0
    for (let index = 1; index < count; index++) {
      if (this.#compare(index, least) < 0) least = index
      else if (this.#compare(index, largest) > 0) largest = index
    }
    const bytes = (index: number): Buffer => Buffer.from(new Uint8Array(this.#memory, index * 8, 8))
    return [bytes(least), bytes(largest)]
  }

  // By halves: comparing bigints would allocate one for each value.
  #compare(left: number, right: number): number {
    const words = this.#words
    const high = (words[left * 2 + 1] ?? 0) - (words[right * 2 + 1] ?? 0)
    return high !== 0 ? high : ((words[left * 2] ?? 0) >>> 0) - ((words[right * 2] ?? 0) >>> 0)
  }
}

export class BooleanColumn implements ColumnBuilder {
  readonly type = 'boolean'
  readonly #validity = new Validity()
  // A value is a bit, and so is whether there is one.
  readonly #values = new Validity()

  get length(): number {
    return this.#validity.length
  }

  get size(): number {
    return this.#values.length >>> 3
  }

  add(value: unknown): void {
    if (typeof value !== 'boolean') return this.addNull()
    this.#validity.pushValid()
    if (value) this.#values.pushValid()
    else this.#values.pushNull()
  }

  addNull(): void {
    this.#validity.pushNull()
  }

  addInteger(): void {
    this.addNull()
  }

  addInt64(): void {
    this.addNull()
  }

  addBytes(): void {
    this.addNull()
  }

  finish(): ColumnChunk {
    const { length, nulls } = this.#validity
    const out = new ByteBuffer((length >>> 2) + 32)
    this.#validity.writeLevels(out)
    this.#values.writeBits(out)
    this.#validity.clear()
    this.#values.clear()
    return { values: length, nulls, pages: [{ kind: 'plain', values: length, bytes: out.copy() }] }
  }
}

/** Levels of a nested column: small integers in hybrid encoding, with their length before them. */
export function writeLevelList(out: ByteBuffer, levels: Uint32Array, count: number, largest: number): void {
  const start = out.length
  out.uint32(0)
  writeHybrid(out, levels, count, bitWidth(largest))
  out.bytes.writeUInt32LE(out.length - start - 4, start)
}

/** The same array with more room. */
export function enlarged<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  const grown = (array instanceof Uint8Array ? new Uint8Array(length) : new Uint32Array(length)) as T
  grown.set(array)
  return grown
}
