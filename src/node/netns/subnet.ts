/** Which part of the range for benchmarks, 198.18.0.0/15 (RFC 2544), the networks of a run are in. */
import { createHash } from 'node:crypto'

/** The /24 networks of the range. */
const NETWORKS = 512
/** 198.18.0.0 */
const FIRST = ((198 << 24) | (18 << 16)) >>> 0

/** A /24 network; its host 1 is the controller. */
export interface Subnet {
  /** Such as `198.18.5.0/24`. */
  readonly cidr: string
  /** IPv4 address of host 1 to 254; throws a RangeError for another. */
  host(number: number): string
}

/** Those that overlap with none of `taken` (`A.B.C.D/N`, or without length), in an order that differs between runs. */
export function freeSubnets(run: string, taken: readonly string[]): Subnet[] {
  const ranges = taken.map(rangeOf).filter((range) => range !== undefined)
  const start = createHash('sha256').update(run).digest().readUInt16BE() % NETWORKS
  return Array.from({ length: NETWORKS }, (_, index) => FIRST + ((start + index) % NETWORKS) * 256)
    .filter((first) => ranges.every(([from, to]) => to < first || from > first + 255))
    .map(subnetAt)
}

/** The one that a `cidr` names. Throws a RangeError for what is no /24 network. */
export function subnetOf(cidr: string): Subnet {
  const [first = 0, last = 0] = rangeOf(cidr) ?? []
  if (last - first !== 255) throw new RangeError(`${cidr} is no /24 network`)
  return subnetAt(first)
}

function subnetAt(first: number): Subnet {
  return {
    cidr: `${dotted(first)}/24`,
    host: (number) => {
      if (number < 1 || number > 254) throw new RangeError(`a /24 network has no host ${number}`)
      return dotted(first + number)
    },
  }
}

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')

/** A shorter prefix is a route to everywhere, such as the two halves of the Internet that a VPN takes. */
const SHORTEST_PREFIX = 8

/** First and last address; undefined for what is no IPv4 network. */
function rangeOf(text: string): readonly [from: number, to: number] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text)
  if (match === null || Number(match[5] ?? 32) < SHORTEST_PREFIX) return undefined
  const address = match.slice(1, 5).reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(match[5] ?? 32))
  const from = address - (address % size)
  return [from, from + size - 1]
}
