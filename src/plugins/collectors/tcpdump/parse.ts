/**
 * Captures -> `packets`: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), either byte order, times
 * in us or ns. A capture cut anywhere gives all packets before the cut; garbage inside ends it, as there is nothing to
 * find the next packet by.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { dissect, type LinkType } from './parse-packet.ts'

export interface CaptureOptions {
  /** Clock of the node minus the controller's, in ns; taken off every time. */
  readonly clockOffsetNs?: number
  /** Name of an interface of the node by its index. */
  readonly interfaceName?: (index: number) => string | undefined
}

/** No packet and no block is longer; tcpdump's own limit is 256 KiB. */
const LONGEST = 1 << 20

const PCAP_US = 0xa1b2c3d4
const PCAP_NS = 0xa1b23c4d
const SECTION = 0x0a0d0d0a
const INTERFACE = 1
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6

interface Interface {
  readonly linkType: LinkType
  readonly name?: string
  /** ns for one unit of its times. */
  readonly unit: (ticks: bigint) => bigint
}

type Format = { readonly type: 'pcap'; readonly link: Interface } | { readonly type: 'pcapng' }

/** Parses a capture; `lines` of the result counts packets. */
export function createCaptureParser(sink: RowSink, options: CaptureOptions = {}): Parser {
  return new CaptureParser(sink, options)
}

class CaptureParser implements Parser {
  readonly #sink: RowSink
  readonly #options: CaptureOptions
  #buffer: Buffer = Buffer.alloc(0)
  #format: Format | undefined
  #little = true
  #interfaces: Interface[] = []
  #broken = false
  #packets = 0
  #rows = 0
  #bad = 0

  constructor(sink: RowSink, options: CaptureOptions) {
    this.#sink = sink
    this.#options = options
  }

  push(chunk: Uint8Array): void {
    if (this.#broken) return
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#buffer, chunk])
    let at = 0
    for (;;) {
      const used = this.#take(at)
      if (used === undefined) {
        this.#broken = true
        this.#bad += 1
        this.#buffer = Buffer.alloc(0)
        return
      }
      if (used === 0) break
      at += used
    }
    this.#buffer = this.#buffer.subarray(at)
  }

  end(): { lines: number; rows: number; bad: number } {
    // A piece of a packet, or of a header.
    if (this.#buffer.length > 0) this.#bad += 1
    return { lines: this.#packets, rows: this.#rows, bad: this.#bad }
  }

  /** Bytes of the next header, packet or block: 0 when it has not come whole, undefined when it is none. */
  #take(at: number): number | undefined {
    const left = this.#buffer.length - at
    if (this.#format === undefined) {
      if (left < 4) return 0
      if (this.#buffer.readUInt32LE(at) === SECTION) this.#format = { type: 'pcapng' }
      else return left < 24 ? 0 : this.#header(at)
    }
    return this.#format.type === 'pcap' ? this.#record(at, left, this.#format.link) : this.#block(at, left)
  }

  #u16(at: number): number {
    return this.#little ? this.#buffer.readUInt16LE(at) : this.#buffer.readUInt16BE(at)
  }

  #u32(at: number): number {
    return this.#little ? this.#buffer.readUInt32LE(at) : this.#buffer.readUInt32BE(at)
  }

  #header(at: number): number | undefined {
    for (const little of [true, false]) {
      this.#little = little
      const magic = this.#u32(at)
      if (magic !== PCAP_US && magic !== PCAP_NS) continue
      const unit = magic === PCAP_NS ? 1n : 1000n
      // The upper bits say whether packets end with a checksum.
      const linkType = this.#u32(at + 20) & 0xffff
      this.#format = { type: 'pcap', link: { linkType, unit: (ticks) => ticks * unit } }
      return 24
    }
    return undefined
  }

  #record(at: number, left: number, link: Interface): number | undefined {
    if (left < 16) return 0
    const captured = this.#u32(at + 8)
    if (captured > LONGEST) return undefined
    if (left < 16 + captured) return 0
    const ts = BigInt(this.#u32(at)) * 1_000_000_000n + link.unit(BigInt(this.#u32(at + 4)))
    this.#packet(link, ts, this.#u32(at + 12), this.#buffer.subarray(at + 16, at + 16 + captured))
    return 16 + captured
  }

  #block(at: number, left: number): number | undefined {
    if (left < 12) return 0
    const section = this.#buffer.readUInt32LE(at) === SECTION
    if (section) this.#little = this.#buffer.readUInt32LE(at + 8) === 0x1a2b3c4d
    const length = this.#u32(at + 4)
    if (length < 12 || length % 4 !== 0 || length > LONGEST) return undefined
    if (left < length) return 0
    const type = this.#u32(at)
    if (section) this.#interfaces = []
    else if (type === INTERFACE && length >= 20) this.#interfaces.push(this.#interface(at, length))
    else if (type === ENHANCED_PACKET && length >= 32) {
      const link = this.#interfaces[this.#u32(at + 8)]
      const captured = this.#u32(at + 20)
      if (link === undefined || captured > length - 32) this.#bad += 1
      else {
        const ticks = (BigInt(this.#u32(at + 12)) << 32n) | BigInt(this.#u32(at + 16))
        const data = this.#buffer.subarray(at + 28, at + 28 + captured)
        this.#packet(link, link.unit(ticks), this.#u32(at + 24), data)
      }
    } else if (type === SIMPLE_PACKET && length >= 16) {
      const [link] = this.#interfaces
      const size = this.#u32(at + 8)
      const data = this.#buffer.subarray(at + 12, at + 12 + Math.min(size, length - 16))
      if (link === undefined) this.#bad += 1
      else this.#packet(link, undefined, size, data)
    }
    return length
  }

  #interface(at: number, length: number): Interface {
    let name: string | undefined
    let unit = (ticks: bigint): bigint => ticks * 1000n
    const end = at + length - 4
    for (let option = at + 16; option + 4 <= end;) {
      const code = this.#u16(option)
      const size = this.#u16(option + 2)
      const value = this.#buffer.subarray(option + 4, Math.min(option + 4 + size, end))
      if (code === 0) break
      if (code === 2) name = value.toString('utf8').replace(/\0+$/, '')
      const [resolution] = value
      if (code === 9 && resolution !== undefined) unit = unitOf(resolution)
      option += 4 + size + ((4 - (size % 4)) % 4)
    }
    return { linkType: this.#u16(at + 8), unit, ...(name === undefined ? {} : { name }) }
  }

  #packet(link: Interface, ts: bigint | undefined, bytes: number, data: Buffer): void {
    this.#packets += 1
    const packet = dissect(link.linkType, data)
    if (packet === undefined) {
      this.#bad += 1
      return
    }
    const { interfaceIndex, ...columns } = packet
    const name =
      link.name ?? (interfaceIndex === undefined ? undefined : this.#options.interfaceName?.(interfaceIndex))
    this.#rows += 1
    this.#sink.add('packets', {
      ...(ts === undefined ? {} : { ts: ts - BigInt(Math.round(this.#options.clockOffsetNs ?? 0)) }),
      ...columns,
      bytes,
      ...(name === undefined ? {} : { interface: name }),
    })
  }
}

/** if_tsresol: a negative power of 10, or of 2 when the highest bit is set. */
function unitOf(resolution: number): (ticks: bigint) => bigint {
  const power = BigInt(resolution & 0x7f)
  if ((resolution & 0x80) !== 0) return (ticks) => (ticks * 1_000_000_000n) >> power
  return power <= 9n ? (ticks) => ticks * 10n ** (9n - power) : (ticks) => ticks / 10n ** (power - 9n)
}
