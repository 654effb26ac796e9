/** Headers of one packet: link, network and transport, as far as they were captured. */

/** A LINKTYPE_ number of https://www.tcpdump.org/linktypes.html. */
export type LinkType = number

export interface Packet {
  /** tcp, udp, icmp, arp, other */
  readonly protocol: string
  /** Address and port; the address alone where there are no ports. */
  readonly source: string
  readonly destination: string
  /** TCP flags, F S R P A U; empty for other protocols. */
  readonly flags: string
  /** Index of the interface, where the link header has it. */
  readonly interfaceIndex?: number
}

const IPV4 = 0x0800
const IPV6 = 0x86dd
const ARP = 0x0806
const VLAN = new Set([0x8100, 0x88a8, 0x9100])
const TCP = 6
const UDP = 17
const ICMP = new Set([1, 58])
/** Headers of IPv6 that stand before the transport's: hop-by-hop, routing, destination options; 44 is a fragment. */
const EXTENSIONS = new Set([0, 43, 60])
const FRAGMENT = 44
const FLAGS = ['F', 'S', 'R', 'P', 'A', 'U']

/** What the headers say; undefined for a link type that we do not know, or when not even the link header is there. */
export function dissect(linkType: LinkType, data: Buffer): Packet | undefined {
  switch (linkType) {
    case 1:
      return data.length < 14 ? undefined : ethernet(data, 12)
    case 113:
      return data.length < 16 ? undefined : ethernet(data, 14)
    case 276: {
      if (data.length < 20) return undefined
      return { ...network(data.readUInt16BE(0), data, 20), interfaceIndex: data.readUInt32BE(4) }
    }
    // BSD's loopback has the address family in the byte order of the machine.
    case 0:
    case 108:
      return data.length < 4 ? undefined : internet(data, 4)
    case 12:
    case 101:
    case 228:
    case 229:
      return data.length < 1 ? undefined : internet(data, 0)
    default:
      return undefined
  }
}

const other = (source = '', destination = ''): Packet => ({
  protocol: 'other',
  source,
  destination,
  flags: '',
})

/** From the place of the ether type on; VLAN tags stand before it. */
function ethernet(data: Buffer, typeAt: number): Packet {
  let at = typeAt
  while (at + 6 <= data.length && VLAN.has(data.readUInt16BE(at))) at += 4
  return at + 2 > data.length ? other() : network(data.readUInt16BE(at), data, at + 2)
}

function network(type: number, data: Buffer, at: number): Packet {
  if (type === IPV4 || type === IPV6) return internet(data, at)
  if (type !== ARP) return other()
  if (data.length < at + 28) return { ...other(), protocol: 'arp' }
  return { protocol: 'arp', source: ipv4(data, at + 14), destination: ipv4(data, at + 24), flags: '' }
}

function internet(data: Buffer, at: number): Packet {
  const version = (data[at] ?? 0) >> 4
  if (version === 4 && data.length >= at + 20) {
    const header = ((data[at] ?? 0) & 0x0f) * 4
    const later = (data.readUInt16BE(at + 6) & 0x1fff) !== 0
    return transport(
      data[at + 9] ?? 0,
      data,
      later ? data.length : at + header,
      ipv4(data, at + 12),
      ipv4(data, at + 16),
    )
  }
  if (version !== 6 || data.length < at + 40) return other()
  const source = ipv6(data, at + 8)
  const destination = ipv6(data, at + 24)
  let next = data[at + 6] ?? 0
  let place = at + 40
  while ((EXTENSIONS.has(next) || next === FRAGMENT) && place + 8 <= data.length) {
    const later = next === FRAGMENT && (data.readUInt16BE(place + 2) & 0xfff8) !== 0
    const length = next === FRAGMENT ? 8 : ((data[place + 1] ?? 0) + 1) * 8
    next = data[place] ?? 0
    place = later ? data.length : place + length
  }
  return transport(next, data, place, source, destination)
}

/** Ports are left out where the header was cut off, or is in an earlier fragment. */
function transport(protocol: number, data: Buffer, at: number, source: string, destination: string): Packet {
  if (ICMP.has(protocol)) return { protocol: 'icmp', source, destination, flags: '' }
  if (protocol !== TCP && protocol !== UDP) return other(source, destination)
  const name = protocol === TCP ? 'tcp' : 'udp'
  if (data.length < at + 4) return { protocol: name, source, destination, flags: '' }
  const bits = protocol === TCP ? (data[at + 13] ?? 0) : 0
  return {
    protocol: name,
    source: withPort(source, data.readUInt16BE(at)),
    destination: withPort(destination, data.readUInt16BE(at + 2)),
    flags: FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0).join(''),
  }
}

const withPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

const ipv4 = (data: Buffer, at: number): string => data.subarray(at, at + 4).join('.')

/** RFC 5952: the longest run of two or more zero groups becomes `::`. */
function ipv6(data: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(at + index * 2).toString(16))
  const text = groups.join(':')
  const longest = (text.match(/\b0(?::0)+\b/g) ?? []).toSorted((a, b) => b.length - a.length)[0]
  if (longest === undefined) return text
  const from = text.search(new RegExp(`(?<=^|:)${longest}(?=:|$)`))
  return `${text.slice(0, from).replace(/:$/, '')}::${text.slice(from + longest.length).replace(/^:/, '')}`
}
