import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createCaptureParser } from './parse.ts'
import { dissect } from './parse-packet.ts'

const golden = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))

function parse(chunks: Iterable<Uint8Array>) {
  const rows: Row<'packets'>[] = []
  const parser = createCaptureParser(
    { add: (_, row) => void rows.push(row) },
    { interfaceName: (index) => (index === 1 ? 'lo' : undefined) },
  )
  for (const chunk of chunks) parser.push(chunk)
  return { rows, stats: parser.end() }
}

const brief = (rows: readonly Row<'packets'>[]): string[] =>
  rows.map(({ ts, protocol, source, destination, flags, bytes, interface: device }) =>
    [ts, protocol, `${source} > ${destination}`, flags, bytes, device].join(' | '),
  )

test('pcap of all interfaces', () => {
  const { rows, stats } = parse([golden('any-sll2.pcap')])
  expect(stats).toEqual({ lines: rows.length, rows: rows.length, bad: 0 })
  expect(brief(rows)).toMatchInlineSnapshot(`
    [
      "1795264415075747000 | tcp | 127.0.0.1:33390 > 127.0.0.1:45671 | S | 80 | lo",
      "1795264415075761000 | tcp | 127.0.0.1:45671 > 127.0.0.1:33390 | SA | 80 | lo",
      "1795264415075775000 | tcp | 127.0.0.1:33390 > 127.0.0.1:45671 | A | 72 | lo",
      "1795264415075827000 | tcp | 127.0.0.1:33390 > 127.0.0.1:45671 | PA | 77 | lo",
      "1795264415075834000 | tcp | 127.0.0.1:45671 > 127.0.0.1:33390 | A | 72 | lo",
      "1795264415075932000 | udp | 127.0.0.1:34887 > 127.0.0.1:45672 |  | 49 | lo",
      "1795264415075942000 | icmp | 127.0.0.1 > 127.0.0.1 |  | 77 | lo",
      "1795264415075972000 | udp | [::1]:49756 > [::1]:45673 |  | 71 | lo",
      "1795264415075990000 | icmp | ::1 > ::1 |  | 119 | lo",
      "1795264415076008000 | tcp | 127.0.0.1:33390 > 127.0.0.1:45671 | FA | 72 | lo",
      "1795264415076029000 | tcp | 127.0.0.1:45671 > 127.0.0.1:33390 | FA | 72 | lo",
      "1795264415076042000 | tcp | 127.0.0.1:33390 > 127.0.0.1:45671 | A | 72 | lo",
      "1795264415076095000 | tcp | 127.0.0.1:60348 > 127.0.0.1:45674 | S | 80 | lo",
      "1795264415076101000 | tcp | 127.0.0.1:45674 > 127.0.0.1:60348 | RA | 60 | lo",
    ]
  `)
})

test('pcap of one interface has the same packets', () => {
  const withoutLink = (name: string): string[] =>
    parse([golden(name)]).rows.map(({ protocol, source, destination, flags }) =>
      [protocol, source, destination, flags].join(' | '),
    )
  expect(withoutLink('lo-ethernet.pcap')).toEqual(
    withoutLink('any-sll2.pcap').slice(0, withoutLink('lo-ethernet.pcap').length),
  )
})

test('pcapng, and pcap with times in ns, as editcap writes them', () => {
  const expected = brief(parse([golden('any-sll2.pcap')]).rows)
  expect(brief(parse([golden('any-sll2.pcapng')]).rows)).toEqual(expected)
  expect(brief(parse([golden('any-sll2-ns.pcap')]).rows)).toEqual(expected)
})

test('chunks may end anywhere', () => {
  for (const name of ['any-sll2.pcap', 'any-sll2.pcapng']) {
    const whole = golden(name)
    const bytes = Array.from(whole, (_, at) => whole.subarray(at, at + 1))
    expect(parse(bytes).rows).toEqual(parse([whole]).rows)
  }
})

test('a capture cut anywhere gives the packets before the cut', () => {
  for (const name of ['any-sll2.pcap', 'any-sll2.pcapng']) {
    const whole = golden(name)
    const rows = brief(parse([whole]).rows)
    for (let end = 0; end < whole.length; end += 13) {
      const cut = parse([whole.subarray(0, end)])
      expect(brief(cut.rows)).toEqual(rows.slice(0, cut.rows.length))
      expect(cut.stats.bad).toBeLessThanOrEqual(1)
    }
  }
})

test('garbage is no capture, and ends one', () => {
  expect(parse([Buffer.from('tcpdump: no such thing, and more than a header long')]).stats).toEqual({
    lines: 0,
    rows: 0,
    bad: 1,
  })
  const { rows, stats } = parse([Buffer.concat([golden('any-sll2.pcap'), Buffer.alloc(64, 0xff)])])
  expect(stats.bad).toBe(1)
  expect(rows).toHaveLength(parse([golden('any-sll2.pcap')]).rows.length)
})

test('headers that are cut off, tagged or fragmented', () => {
  const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
  const ether = '000000000002 000000000001'
  const ip = (protocol: string, fragment = '0000') =>
    `4500 0030 0001 ${fragment} 40 ${protocol} 0000 0a000001 0a000002`
  // A VLAN tag stands before the ether type.
  expect(dissect(1, hex(`${ether} 8100 0005 0800 ${ip('06')} 0016 c350 00000000 00000000 50 12`))).toEqual({
    protocol: 'tcp',
    source: '10.0.0.1:22',
    destination: '10.0.0.2:50000',
    flags: 'SA',
  })
  // Of a later fragment, and of a packet cut off, there are no ports.
  expect(dissect(101, hex(`${ip('11', '0010')} 0016 c350`))?.source).toBe('10.0.0.1')
  expect(dissect(101, hex(`${ip('11')} 00`))?.source).toBe('10.0.0.1')
  expect(
    dissect(1, hex(`${ether} 0806 0001 0800 0604 0001 000000000001 0a000001 000000000000 0a000002`)),
  ).toEqual({
    protocol: 'arp',
    source: '10.0.0.1',
    destination: '10.0.0.2',
    flags: '',
  })
  const v6 = '60000000 0018 00 40 20010db8000000000000000000000001 20010db8000000010000000000010000'
  expect(dissect(101, hex(`${v6} 11 00 000000000000 0035 1234 0010 0000`))).toEqual({
    protocol: 'udp',
    source: '[2001:db8::1]:53',
    destination: '[2001:db8:0:1::1:0]:4660',
    flags: '',
  })
  expect(dissect(1, hex('0000'))).toBeUndefined()
  expect(dissect(147, hex(ip('06')))).toBeUndefined()
})
