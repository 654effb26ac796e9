/** /proc/net/dev, and whether the interfaces are up, as node_exporter's netdev and netclass. */
import { Roster } from '../../../base/roster.ts'
import { TextScanner } from '../../../base/scan.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { counter, gauge } from '../declare.ts'
import { write, writeNext } from '../write.ts'

const HEADER_LINES = 2
/** Columns of /proc/net/dev in order: eight of what was received, then eight of what was sent. */
const columns = [
  ['receive_bytes', 'bytes received'],
  ['receive_packets', 'packets received'],
  ['receive_errs', 'receive errors'],
  ['receive_drop', 'received packets that were dropped'],
  ['receive_fifo', 'receive FIFO errors'],
  ['receive_frame', 'framing errors'],
  ['receive_compressed', 'compressed packets received'],
  ['receive_multicast', 'multicast packets received'],
  ['transmit_bytes', 'bytes sent'],
  ['transmit_packets', 'packets sent'],
  ['transmit_errs', 'transmit errors'],
  ['transmit_drop', 'packets to be sent that were dropped'],
  ['transmit_fifo', 'transmit FIFO errors'],
  ['transmit_colls', 'collisions'],
  ['transmit_carrier', 'carrier losses while sending'],
  ['transmit_compressed', 'compressed packets sent'],
] as const

const labels = ['device']

export const interfaceMetrics = [
  ...columns.map(([name, help]) =>
    counter(`node_network_${name}_total`, name.endsWith('bytes') ? 'bytes' : '', help, labels),
  ),
  gauge('node_network_up', '', '1 when the interface is operational', labels),
  counter('node_network_carrier_changes_total', '', 'times that the link came or went', labels),
]

interface Interface {
  readonly counters: readonly SeriesHandle[]
  readonly up: { readonly path: string; readonly handle: SeriesHandle }
  readonly carrierChanges: { readonly path: string; readonly handle: SeriesHandle }
}

/** Reads the wanted interfaces. */
export class Interfaces {
  readonly #scanner = new TextScanner()
  readonly #interfaces: Roster<Interface | undefined>

  constructor(sink: SampleSink, exclude: RegExp | undefined) {
    this.#interfaces = new Roster(
      (name) => openInterface(sink, name.replace(/:$/, ''), exclude),
      (opened) => {
        if (opened === undefined) return
        const { counters, up, carrierChanges } = opened
        for (const handle of [...counters, up.handle, carrierChanges.handle]) sink.forget(handle)
      },
    )
  }

  /** One reading. */
  sample(files: FileView): void {
    const text = files.text('/proc/net/dev')
    if (text === undefined) return
    const scanner = this.#scanner
    scanner.read(text)
    for (let line = 0; line < HEADER_LINES; line++) scanner.nextLine()
    this.#interfaces.begin()
    while (scanner.more()) {
      const found = this.#interfaces.take(scanner)
      if (found !== undefined) {
        for (const handle of found.counters) writeNext(handle, scanner)
        readState(files, found)
      }
      scanner.nextLine()
    }
    this.#interfaces.end()
  }
}

function openInterface(sink: SampleSink, device: string, exclude: RegExp | undefined): Interface | undefined {
  if (exclude?.test(device) === true) return undefined
  const file = (name: string, metric: string) => ({
    path: `/sys/class/net/${device}/${name}`,
    handle: sink.series(`node_network_${metric}`, { device }),
  })
  return {
    counters: columns.map(([name]) => sink.series(`node_network_${name}_total`, { device })),
    up: file('operstate', 'up'),
    carrierChanges: file('carrier_changes', 'carrier_changes_total'),
  }
}

function readState(files: FileView, { up, carrierChanges }: Interface): void {
  const state = files.text(up.path)
  if (state !== undefined) up.handle.set(state === 'up\n' ? 1 : 0)
  const changes = files.text(carrierChanges.path)
  if (changes !== undefined) write(carrierChanges.handle, Number.parseInt(changes, 10))
}
