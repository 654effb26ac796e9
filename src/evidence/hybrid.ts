/** Parquet's hybrid of run lengths and bit packing (Encodings.md, "RLE / Bit-Packing Hybrid"). */
import type { ByteBuffer } from './byte-buffer.ts'

/** Bits that hold every integer from 0 to `largest`, at least one. */
export const bitWidth = (largest: number): number => Math.max(1, 32 - Math.clz32(largest))

/** Appends the first `count` values, each below 2^`width`; `width` is at most 24. */
export function writeHybrid(out: ByteBuffer, values: Uint32Array, count: number, width: number): void {
  let literal = 0
  let at = 0
  while (at < count) {
    const value = values[at]
    let end = at + 1
    while (end < count && values[end] === value) end++
    // A bit-packed run that others follow has a multiple of eight values: it borrows the first of this run.
    const borrowed = -(at - literal) & 7
    if (end - at - borrowed >= 8) {
      writePacked(out, values, literal, at + borrowed, width)
      writeRun(out, value ?? 0, end - at - borrowed, width)
      literal = end
    }
    at = end
  }
  writePacked(out, values, literal, count, width)
}

/** Appends `count` times the same value. */
export function writeRun(out: ByteBuffer, value: number, count: number, width: number): void {
  out.varint(count * 2)
  for (let shift = 0; shift < width; shift += 8) out.byte((value >>> shift) & 0xff)
}

function writePacked(out: ByteBuffer, values: Uint32Array, start: number, end: number, width: number): void {
  if (start === end) return
  const groups = Math.ceil((end - start) / 8)
  out.varint(groups * 2 + 1)
  out.reserve(groups * width)
  const { bytes } = out
  let position = out.length
  let pending = 0
  let bits = 0
  for (let index = start; index < end; index++) {
    pending |= (values[index] ?? 0) << bits
    bits += width
    while (bits >= 8) {
      bytes[position++] = pending & 0xff
      pending >>>= 8
      bits -= 8
    }
  }
  const stop = out.length + groups * width
  while (position < stop) {
    bytes[position++] = pending & 0xff
    pending = 0
  }
  out.length = stop
}

/** Appends a bitmap, least significant bit first, as values of one bit. */
export function writeBitmap(out: ByteBuffer, bitmap: Uint8Array, count: number): void {
  const bytes = Math.ceil(count / 8)
  out.varint(bytes * 2 + 1)
  out.append(bitmap, 0, bytes)
}
