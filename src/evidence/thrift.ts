/** Writes Thrift's compact protocol, in which Parquet's page headers and footers are encoded. */
import { ByteBuffer } from './byte-buffer.ts'

/** A value of a field: `i32` and `i64` are integers up to 2^53, a struct lists its present fields by ascending id. */
export type ThriftValue =
  | { readonly type: 'i32' | 'i64'; readonly value: number }
  | { readonly type: 'binary'; readonly value: Uint8Array }
  | { readonly type: 'list'; readonly of: ThriftValue['type']; readonly items: readonly ThriftValue[] }
  | { readonly type: 'struct'; readonly fields: readonly ThriftField[] }

export type ThriftField = readonly [id: number, value: ThriftValue]

// From the compact protocol's specification, doc/specs/thrift-compact-protocol.md in apache/thrift.
const CODES = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

export const i32 = (value: number): ThriftValue => ({ type: 'i32', value })
export const i64 = (value: number): ThriftValue => ({ type: 'i64', value })
export const binary = (value: Uint8Array): ThriftValue => ({ type: 'binary', value })
export const text = (value: string): ThriftValue => ({ type: 'binary', value: Buffer.from(value) })
export const struct = (...fields: ThriftField[]): ThriftValue => ({ type: 'struct', fields })
export const list = (of: ThriftValue['type'], items: readonly ThriftValue[]): ThriftValue => ({
  type: 'list',
  of,
  items,
})

/** The bytes of one value, such as a whole page header. */
export function encodeThrift(value: ThriftValue): Buffer {
  const out = new ByteBuffer(256)
  write(out, value)
  return out.copy()
}

function write(out: ByteBuffer, value: ThriftValue): void {
  switch (value.type) {
    case 'i32':
    case 'i64':
      out.varint(value.value >= 0 ? value.value * 2 : -value.value * 2 - 1)
      return
    case 'binary':
      out.varint(value.value.length)
      out.append(value.value)
      return
    case 'list':
      if (value.items.length < 15) out.byte((value.items.length << 4) | CODES[value.of])
      else {
        out.byte(0xf0 | CODES[value.of])
        out.varint(value.items.length)
      }
      for (const item of value.items) write(out, item)
      return
    case 'struct': {
      let last = 0
      for (const [id, field] of value.fields) {
        // Parquet's structures have fewer than 16 fields, so the short form with a delta always fits.
        out.byte(((id - last) << 4) | CODES[field.type])
        write(out, field)
        last = id
      }
      out.byte(0)
    }
  }
}
