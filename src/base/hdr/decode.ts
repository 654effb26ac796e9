/**
 * A histogram from the text that stands in a log: base64 of a deflated V2 encoding of HdrHistogram.
 *
 * Format: org.HdrHistogram.AbstractHistogram.encodeIntoCompressedByteBuffer and fillBufferFromCountsArray. A count is
 * a ZigZag LEB128 of at most nine bytes; a negative one is so many empty places.
 */
import { inflateSync } from 'node:zlib'
import { messageOf } from '../errors.ts'
import { geometryOf, type Histogram } from './histogram.ts'

const COMPRESSED = 0x1c849304
const ENCODED = 0x1c849303
/** Where the counts begin. */
const HEADER_BYTES = 40
/** 64 bits in five digits have no more places than this, nor can they be longer. */
const MOST_PLACES = 2 ** 24
const MOST_BYTES = 2 ** 26

/** Throws an Error with a sentence when the text is anything else. */
export function decodeHistogram(text: string): Histogram {
  const packed = Buffer.from(text, 'base64')
  if (packed.length < 8) throw new Error('the histogram is cut off')
  expectCookie(packed.readInt32BE(0), COMPRESSED)
  const end = 8 + packed.readInt32BE(4)
  if (end > packed.length) throw new Error('the histogram is cut off')
  const bytes = inflated(packed.subarray(8, end))
  if (bytes.length < HEADER_BYTES) throw new Error('the histogram has no header')
  expectCookie(bytes.readInt32BE(0), ENCODED)
  const digits = bytes.readInt32BE(12)
  const lowest = Number(bytes.readBigInt64BE(16))
  if (digits < 0 || digits > 5 || lowest < 1) throw new Error('the header of the histogram makes no sense')
  // The offset at byte 8 and the ratio at byte 32 tell how Java holds the counts; what is written does not depend on them.
  const countsEnd = HEADER_BYTES + bytes.readUInt32BE(4)
  if (countsEnd > bytes.length) throw new Error('the counts are cut off')
  return countsIn(bytes.subarray(HEADER_BYTES, countsEnd), geometryOf(digits, lowest))
}

function inflated(bytes: Uint8Array): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: MOST_BYTES })
  } catch (error) {
    throw new Error(`the histogram cannot be unpacked: ${messageOf(error)}`, { cause: error })
  }
}

function expectCookie(cookie: number, base: number): void {
  // The word size stands in bits 4 to 7.
  if ((cookie & ~0xf0) !== base) throw new Error('this is no histogram in the V2 encoding')
}

function countsIn(bytes: Uint8Array, geometry: Histogram['geometry']): Histogram {
  const places: number[] = []
  const counts: number[] = []
  let total = 0
  let place = 0
  for (let at = 0; at < bytes.length;) {
    let value = 0
    let scale = 1
    for (let length = 1; ; length++) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('the counts are cut off')
      value += (length === 9 ? byte : byte & 0x7f) * scale
      if (byte < 0x80 || length === 9) break
      scale *= 128
    }
    if (value % 2 === 0) {
      if (value > 0) {
        places.push(place)
        counts.push(value / 2)
        total += value / 2
      }
      place += 1
    } else {
      place += (value + 1) / 2
    }
    if (place > MOST_PLACES) throw new Error('the histogram has more places than there can be')
  }
  return { geometry, indexes: Int32Array.from(places), counts: Float64Array.from(counts), total }
}
