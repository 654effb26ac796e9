/** Columns of text: a dictionary while it pays, plain bytes after that, as parquet-mr and Arrow do. */
import { isUtf8 } from 'node:buffer'
import { ByteBuffer } from './byte-buffer.ts'
import {
  enlarged,
  Validity,
  writeLevelList,
  type ColumnBuilder,
  type ColumnChunk,
  type Page,
} from './column.ts'
import { bitWidth, writeHybrid } from './hybrid.ts'

/** Distinct values beyond which a dictionary no longer pays. */
const MAX_ENTRIES = 1 << 15
/** Up to this many bytes a loop copies faster than a call does. */
const SHORT = 256
/** Strings that are recognised without looking at their bytes, and how long they may be. */
const MOST_TEXTS = 1 << 12
const LONGEST_TEXT = 256
/** Longer values are cut: one giant argument must not fill the memory. */
const MAX_VALUE_BYTES = 1 << 20

/** Distinct byte strings and the values that refer to them. Knows no nulls. */
class Dictionary {
  /** Entries in Parquet's plain form: length, bytes. */
  readonly heap = new ByteBuffer(4096)
  readonly plain = new ByteBuffer(64)
  indices = new Uint32Array(1024)
  /** Values that refer to entries; later ones are in `plain`. */
  indexed = 0
  plainCount = 0
  entries = 0
  #offsets = new Uint32Array(256)
  #slots = new Uint32Array(1024)
  #full = false
  #rowGroupsInPlain = 0
  /** Entries that came as strings. */
  readonly #texts = new Map<string, number>()
  readonly #maxEntries: number
  readonly #scratch = new ByteBuffer(4096)

  constructor(maxEntries = MAX_ENTRIES) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.heap.length + this.plain.length + this.indexed * 2
  }

  addText(value: string): void {
    const known = this.#texts.get(value)
    if (known !== undefined) return this.#addIndex(known)
    const scratch = this.#scratch
    scratch.clear()
    scratch.reserve(value.length * 3)
    const length = scratch.bytes.write(value, 0, 'utf8')
    this.addBytes(scratch.bytes, 0, length)
    const remembered = !this.#full && value.length <= LONGEST_TEXT && this.#texts.size < MOST_TEXTS
    if (remembered) this.#texts.set(value, this.indices[this.indexed - 1] ?? 0)
  }

  /** Bytes that are not UTF-8 are replaced: a reader would refuse the whole file. */
  addBytes(source: Uint8Array, start: number, end: number): void {
    let stop = end
    if (stop - start > MAX_VALUE_BYTES) {
      stop = start + MAX_VALUE_BYTES
      while (stop > start && ((source[stop] ?? 0) & 0xc0) === 0x80) stop--
    }
    if (this.#full && stop - start <= SHORT && this.#addAscii(source, start, stop)) return
    let hash = 0
    let high = 0
    for (let at = start; at < stop; at++) {
      const byte = source[at] ?? 0
      high |= byte
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    if (high >= 0x80 && !isUtf8(source.subarray(start, stop))) {
      const repaired = Buffer.from(
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(source.subarray(start, stop)),
      )
      return this.addBytes(repaired, 0, repaired.length)
    }
    if (this.#full) this.#addPlain(source, start, stop)
    else this.#intern(source, start, stop, hash)
  }

  clear(): void {
    this.heap.clear()
    this.plain.clear()
    this.indexed = 0
    this.plainCount = 0
    this.entries = 0
    this.#slots.fill(0)
    this.#texts.clear()
    // What overflowed once will do so again; a dictionary is tried again now and then.
    this.#full = this.#full && ++this.#rowGroupsInPlain % 16 !== 0
  }

  #intern(source: Uint8Array, start: number, end: number, hash: number): void {
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    for (;;) {
      const entry = this.#slots[slot] ?? 0
      if (entry === 0) break
      if (this.#equals(entry - 1, source, start, end)) return this.#addIndex(entry - 1)
      slot = (slot + 1) & mask
    }
    if (this.entries >= this.#maxEntries) {
      this.#full = true
      this.#texts.clear()
      return this.#addPlain(source, start, end)
    }
    if (this.entries === this.#offsets.length) this.#offsets = enlarged(this.#offsets, this.entries * 2)
    this.#offsets[this.entries] = this.heap.length
    appendPlain(this.heap, source, start, end)
    this.#slots[slot] = ++this.entries
    this.#addIndex(this.entries - 1)
    if (this.entries * 2 > this.#slots.length) this.#rehash()
  }

  #equals(entry: number, source: Uint8Array, start: number, end: number): boolean {
    const { bytes } = this.heap
    let at = this.#offsets[entry] ?? 0
    const length = end - start
    if (bytes.readUInt32LE(at) !== length) return false
    at += 4
    for (let index = 0; index < length; index++) if (bytes[at + index] !== source[start + index]) return false
    return true
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 4)
    const mask = slots.length - 1
    const { bytes } = this.heap
    for (let entry = 0; entry < this.entries; entry++) {
      const offset = this.#offsets[entry] ?? 0
      const end = offset + 4 + bytes.readUInt32LE(offset)
      let hash = 0
      for (let at = offset + 4; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
      let slot = (hash ^ (hash >>> 15)) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry + 1
    }
    this.#slots = slots
  }

  #addIndex(index: number): void {
    if (this.indexed === this.indices.length) this.indices = enlarged(this.indices, this.indexed * 2)
    this.indices[this.indexed++] = index
  }

  /** Copies while looking whether all is ASCII, as it mostly is; gives false, and has done nothing, when it is not. */
  #addAscii(source: Uint8Array, start: number, end: number): boolean {
    const out = this.plain
    out.reserve(end - start + 4)
    const { bytes } = out
    let position = out.length + 4
    let high = 0
    for (let at = start; at < end; at++) {
      const byte = source[at] ?? 0
      high |= byte
      bytes[position++] = byte
    }
    if (high >= 0x80) return false
    out.uint32(end - start)
    out.length = position
    this.plainCount++
    return true
  }

  #addPlain(source: Uint8Array, start: number, end: number): void {
    appendPlain(this.plain, source, start, end)
    this.plainCount++
  }
}

function appendPlain(out: ByteBuffer, source: Uint8Array, start: number, end: number): void {
  const length = end - start
  out.reserve(length + 4)
  out.uint32(length)
  if (length > SHORT) return out.append(source, start, end)
  const { bytes } = out
  let position = out.length
  for (let at = start; at < end; at++) bytes[position++] = source[at] ?? 0
  out.length = position
}

/** The pages of a dictionary's values; `levels` writes what comes before the values of each page. */
function pagesOf(
  dictionary: Dictionary,
  rows: readonly [indexed: number, plain: number],
  levels: (out: ByteBuffer, page: 0 | 1) => void,
): Page[] {
  const pages: Page[] = []
  if (dictionary.entries > 0) {
    pages.push({ kind: 'dictionary', values: dictionary.entries, bytes: dictionary.heap.copy() })
  }
  if (rows[0] > 0 || rows[1] === 0) {
    const out = new ByteBuffer(dictionary.indexed * 2 + rows[0] + 64)
    levels(out, 0)
    if (dictionary.entries > 0) {
      const width = bitWidth(dictionary.entries - 1)
      out.byte(width)
      writeHybrid(out, dictionary.indices, dictionary.indexed, width)
    }
    pages.push({ kind: dictionary.entries > 0 ? 'indices' : 'plain', values: rows[0], bytes: out.copy() })
  }
  if (rows[1] > 0) {
    const out = new ByteBuffer(dictionary.plain.length + rows[1] + 64)
    levels(out, 1)
    out.append(dictionary.plain.bytes, 0, dictionary.plain.length)
    pages.push({ kind: 'plain', values: rows[1], bytes: out.copy() })
  }
  return pages
}

export class TextColumn implements ColumnBuilder {
  readonly type = 'varchar'
  readonly #dictionary = new Dictionary()
  // One for the page of indices and one for the plain page that follows it.
  readonly #validity = [new Validity(), new Validity()] as const

  get length(): number {
    return this.#validity[0].length + this.#validity[1].length
  }

  get size(): number {
    return this.#dictionary.size
  }

  add(value: unknown): void {
    if (typeof value !== 'string') return this.addNull()
    this.#dictionary.addText(value)
    this.#validity[this.#dictionary.plainCount === 0 ? 0 : 1].pushValid()
  }

  addInteger(): void {
    this.addNull()
  }

  addInt64(): void {
    this.addNull()
  }

  addBytes(source: Uint8Array, start: number, end: number): void {
    this.#dictionary.addBytes(source, start, end)
    this.#validity[this.#dictionary.plainCount === 0 ? 0 : 1].pushValid()
  }

  addNull(): void {
    this.#validity[this.#dictionary.plainCount === 0 ? 0 : 1].pushNull()
  }

  finish(): ColumnChunk {
    const [indexed, plain] = this.#validity
    const values = this.length
    const nulls = indexed.nulls + plain.nulls
    const pages = pagesOf(this.#dictionary, [indexed.length, plain.length], (out, page) =>
      this.#validity[page].writeLevels(out),
    )
    indexed.clear()
    plain.clear()
    this.#dictionary.clear()
    return { values, nulls, pages }
  }
}

// Levels of `optional group (LIST) { repeated group list { optional binary element } }`.
const NULL_LIST = 0
const EMPTY_LIST = 1
const NULL_ELEMENT = 2
const ELEMENT = 3

class Levels {
  definition = new Uint32Array(256)
  repetition = new Uint32Array(256)
  length = 0

  push(repetition: number, definition: number): void {
    if (this.length === this.definition.length) {
      this.definition = enlarged(this.definition, this.length * 2)
      this.repetition = enlarged(this.repetition, this.length * 2)
    }
    this.repetition[this.length] = repetition
    this.definition[this.length++] = definition
  }
}

/** Lists of text, such as the frames of a stack. */
export class TextListColumn implements ColumnBuilder {
  readonly type = 'varchar[]'
  // Always a dictionary: frames repeat, and a list must not be split between two pages.
  readonly #dictionary = new Dictionary(1 << 24)
  readonly #levels = new Levels()
  #length = 0
  #nulls = 0

  get length(): number {
    return this.#length
  }

  get size(): number {
    return this.#dictionary.size
  }

  add(value: unknown): void {
    if (!Array.isArray(value)) return this.addNull()
    const elements: readonly unknown[] = value
    this.#length++
    if (elements.length === 0) this.#levels.push(0, EMPTY_LIST)
    elements.forEach((element, index) => {
      if (typeof element === 'string') this.#dictionary.addText(element)
      this.#levels.push(index === 0 ? 0 : 1, typeof element === 'string' ? ELEMENT : NULL_ELEMENT)
    })
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

  addNull(): void {
    this.#length++
    this.#nulls++
    this.#levels.push(0, NULL_LIST)
  }

  finish(): ColumnChunk {
    const { repetition, definition, length } = this.#levels
    const nulls = this.#nulls
    const pages = pagesOf(this.#dictionary, [length, 0], (out) => {
      writeLevelList(out, repetition, length, 1)
      writeLevelList(out, definition, length, ELEMENT)
    })
    this.#dictionary.clear()
    this.#levels.length = 0
    this.#length = 0
    this.#nulls = 0
    return { values: length, nulls, pages }
  }
}
