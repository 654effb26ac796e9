/** Counters of IP, ICMP, TCP and UDP: /proc/net/snmp, netstat and snmp6, as node_exporter's netstat. */
import { Roster } from '../../../base/roster.ts'
import { TextScanner } from '../../../base/scan.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { writeNext } from '../write.ts'

/** What the default selection finds in the kernels in use. */
export const protocolFields: readonly string[] = `
  Ip_Forwarding IpExt_InOctets IpExt_OutOctets Ip6_InOctets Ip6_OutOctets
  Icmp_InMsgs Icmp_OutMsgs Icmp_InErrors Icmp6_InMsgs Icmp6_OutMsgs Icmp6_InErrors
  Tcp_ActiveOpens Tcp_PassiveOpens Tcp_AttemptFails Tcp_EstabResets Tcp_CurrEstab Tcp_InSegs Tcp_OutSegs
  Tcp_RetransSegs Tcp_InErrs Tcp_OutRsts
  TcpExt_ListenDrops TcpExt_ListenOverflows TcpExt_SyncookiesSent TcpExt_SyncookiesRecv
  TcpExt_SyncookiesFailed TcpExt_TCPSynRetrans TcpExt_TCPTimeouts TcpExt_TCPAbortOnTimeout
  TcpExt_TCPAbortOnMemory TcpExt_TCPRcvQDrop TcpExt_TCPBacklogDrop TcpExt_TCPReqQFullDrop
  TcpExt_TCPMemoryPressures TcpExt_TCPOFOQueue TcpExt_TCPFromZeroWindowAdv TcpExt_TCPToZeroWindowAdv
  Udp_InDatagrams Udp_OutDatagrams Udp_NoPorts Udp_InErrors Udp_RcvbufErrors Udp_SndbufErrors
  Udp6_InDatagrams Udp6_OutDatagrams Udp6_NoPorts Udp6_InErrors Udp6_RcvbufErrors Udp6_SndbufErrors
  UdpLite_InErrors UdpLite6_InErrors
`
  .trim()
  .split(/\s+/)

/** node_exporter's default selection, and what else tells of full queues, resets and closed windows. */
export const defaultFields =
  '^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)' +
  '|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPAbortOn(Timeout|Memory)|TCPRcvQDrop' +
  '|TCPBacklogDrop|TCPReqQFullDrop|TCPMemoryPressures|TCPOFOQueue|TCP(From|To)ZeroWindowAdv)' +
  '|Tcp_(ActiveOpens|AttemptFails|EstabResets|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)' +
  '|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$'

const tables = ['/proc/net/snmp', '/proc/net/netstat'] as const

/** One protocol: a line of names and, below it, a line of values. */
interface Protocol {
  /** The line of names that `fields` was made from. */
  header: string
  fields: readonly (SeriesHandle | undefined)[]
}

/** Reads the wanted fields. */
export class Protocols {
  readonly #sink: SampleSink
  readonly #wanted: RegExp
  readonly #scanner = new TextScanner()
  readonly #tables: readonly { readonly path: string; readonly protocols: Map<number, Protocol> }[]
  readonly #snmp6: Roster<SeriesHandle | undefined>

  constructor(sink: SampleSink, wanted: RegExp) {
    this.#sink = sink
    this.#wanted = wanted
    this.#tables = tables.map((path) => ({ path, protocols: new Map() }))
    this.#snmp6 = new Roster(
      (key) => this.#series(key.replace('6', '6_')),
      (handle) => handle !== undefined && sink.forget(handle),
    )
  }

  /** One reading. */
  sample(files: FileView): void {
    for (const { path, protocols } of this.#tables) {
      const text = files.text(path)
      if (text !== undefined) this.#readTable(text, protocols)
    }
    const snmp6 = files.text('/proc/net/snmp6')
    if (snmp6 === undefined) return
    const scanner = this.#scanner
    scanner.read(snmp6)
    this.#snmp6.begin()
    while (scanner.more()) {
      writeNext(this.#snmp6.take(scanner), scanner)
      scanner.nextLine()
    }
    this.#snmp6.end()
  }

  #series(field: string): SeriesHandle | undefined {
    return this.#wanted.test(field) ? this.#sink.series(`node_netstat_${field}`) : undefined
  }

  #readTable(text: string, protocols: Map<number, Protocol>): void {
    const scanner = this.#scanner
    scanner.read(text)
    for (let pair = 0; scanner.more(); pair++) {
      const { fields } = this.#protocol(protocols, pair)
      if (!scanner.nextLine()) return
      scanner.skip(1)
      for (const field of fields) writeNext(field, scanner)
      scanner.nextLine()
    }
  }

  /** The pair of lines that the scanner is at; its names hardly ever change. */
  #protocol(protocols: Map<number, Protocol>, pair: number): Protocol {
    const { text, at } = this.#scanner
    const known = protocols.get(pair)
    if (known !== undefined && text.startsWith(known.header, at)) return known
    const end = text.indexOf('\n', at)
    const header = text.slice(at, end < 0 ? text.length : end + 1)
    const [name = '', ...fields] = header.trim().split(/\s+/)
    for (const handle of known?.fields ?? []) if (handle !== undefined) this.#sink.forget(handle)
    const protocol = {
      header,
      fields: fields.map((field) => this.#series(`${name.replace(/:$/, '')}_${field}`)),
    }
    protocols.set(pair, protocol)
    return protocol
  }
}
