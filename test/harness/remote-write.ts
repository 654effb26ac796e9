/**
 * Prometheus' remote write, version 1: protobuf in snappy's block format.
 *
 * It is the one way in that carries samples with any time and any bits, stale markers included.
 */
import type { SeriesData } from '../../src/model/series.ts'

function varint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}

const field = (number: number, content: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.from([(number << 3) | 2, ...varint(BigInt(content.length))]), content])

const text = (number: number, value: string): Uint8Array => field(number, Buffer.from(value))

function encodeSeries({ labels, times, values, length }: SeriesData): Uint8Array {
  const parts = Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => field(1, Buffer.concat([text(1, name), text(2, value)])))
  for (let index = 0; index < length; index++) {
    const value = Buffer.alloc(9)
    value[0] = 9
    value.writeDoubleLE(values[index] ?? 0, 1)
    const time = Uint8Array.from([16, ...varint(BigInt(times[index] ?? 0))])
    parts.push(field(2, Buffer.concat([value, time])))
  }
  return Buffer.concat(parts)
}

/** Snappy without compression: literals of at most 64 KiB. */
function snappy(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(varint(BigInt(content.length)))]
  for (let from = 0; from < content.length; from += 65_536) {
    const literal = content.subarray(from, from + 65_536)
    const size = literal.length - 1
    parts.push(Uint8Array.of(61 << 2, size & 255, size >> 8), literal)
  }
  return Buffer.concat(parts)
}

/** Body of a POST to `/api/v1/write`, with content encoding `snappy`. */
export const remoteWriteBody = (series: Iterable<SeriesData>): Uint8Array =>
  snappy(Buffer.concat(Array.from(series, (one) => field(1, encodeSeries(one)))))
