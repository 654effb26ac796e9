/** Sockets by protocol: /proc/net/sockstat and sockstat6, as node_exporter's sockstat. */
import { Roster } from '../../../base/roster.ts'
import { TextScanner } from '../../../base/scan.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { write } from '../write.ts'

const PAGE = 4096

export const socketGauges: readonly string[] = `
  sockets_used
  TCP_alloc TCP_inuse TCP_mem TCP_mem_bytes TCP_orphan TCP_tw TCP6_inuse
  UDP_inuse UDP_mem UDP_mem_bytes UDP6_inuse UDPLITE_inuse UDPLITE6_inuse
  RAW_inuse RAW6_inuse FRAG_inuse FRAG_memory FRAG6_inuse FRAG6_memory
`
  .trim()
  .split(/\s+/)

type Fields = Roster<{ readonly handle: SeriesHandle; readonly bytes: SeriesHandle | undefined }>

/** Reads lines of `TCP: inuse 4 orphan 0 ...`. */
export class SocketStatistics {
  readonly #scanner = new TextScanner()
  readonly #files: readonly { readonly path: string; readonly protocols: Roster<Fields> }[]

  constructor(sink: SampleSink) {
    const fields = (protocol: string): Fields =>
      new Roster(
        (field) => ({
          handle: sink.series(`node_sockstat_${protocol}_${field}`),
          // The kernel counts it in pages.
          bytes: field === 'mem' ? sink.series(`node_sockstat_${protocol}_mem_bytes`) : undefined,
        }),
        ({ handle, bytes }) => {
          sink.forget(handle)
          if (bytes !== undefined) sink.forget(bytes)
        },
      )
    const drop = (dropped: Fields): void => {
      dropped.begin()
      dropped.end()
    }
    this.#files = ['/proc/net/sockstat', '/proc/net/sockstat6'].map((path) => ({
      path,
      protocols: new Roster((word) => fields(word.replace(/:$/, '')), drop),
    }))
  }

  /** One reading. */
  sample(files: FileView): void {
    const scanner = this.#scanner
    for (const { path, protocols } of this.#files) {
      const text = files.text(path)
      if (text === undefined) continue
      scanner.read(text)
      protocols.begin()
      while (scanner.more()) {
        this.#readFields(protocols.take(scanner))
        scanner.nextLine()
      }
      protocols.end()
    }
  }

  #readFields(fields: Fields): void {
    const scanner = this.#scanner
    fields.begin()
    while (scanner.more()) {
      const { handle, bytes } = fields.take(scanner)
      const value = scanner.number()
      write(handle, value)
      write(bytes, value * PAGE)
    }
    fields.end()
  }
}
