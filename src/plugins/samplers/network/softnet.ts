/** Packets that CPUs took from the network, dropped for want of room, or left for later; and tracked connections. */
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { write } from '../write.ts'

/** The first words of a line of /proc/net/softnet_stat, in hexadecimal (softnet_seq_show in net/core/net-procfs.c). */
export const softnetCounters = [
  ['node_softnet_processed_total', 'packets processed'],
  ['node_softnet_dropped_total', 'packets dropped because the queue of the CPU was full'],
  ['node_softnet_times_squeezed_total', 'times that processing ran out of its budget'],
] as const

/** The word that holds the number of the CPU, since Linux 5.10; before, lines are those of the CPUs that are online. */
const CPU_WORD = 12
const WORD_LENGTH = 9

const conntrack = [
  ['/proc/sys/net/netfilter/nf_conntrack_count', 'node_nf_conntrack_entries'],
  ['/proc/sys/net/netfilter/nf_conntrack_max', 'node_nf_conntrack_entries_limit'],
] as const

/** Reads softnet and conntrack. */
export class Softnet {
  readonly #sink: SampleSink
  readonly #cpus = new Map<number, readonly SeriesHandle[]>()
  readonly #conntrack: readonly { readonly path: string; readonly handle: SeriesHandle }[]
  #hasConntrack = true

  constructor(sink: SampleSink) {
    this.#sink = sink
    this.#conntrack = conntrack.map(([path, name]) => ({ path, handle: sink.series(name) }))
  }

  /** One reading. */
  sample(files: FileView): void {
    this.#readSoftnet(files.text('/proc/net/softnet_stat') ?? '')
    if (!this.#hasConntrack) return
    for (const { path, handle } of this.#conntrack) {
      const text = files.text(path)
      if (text === undefined) this.#hasConntrack = false
      else write(handle, Number.parseInt(text, 10))
    }
  }

  #readSoftnet(text: string): void {
    const word = (start: number, index: number): number =>
      Number.parseInt(text.slice(start + index * WORD_LENGTH, start + (index + 1) * WORD_LENGTH), 16)
    let line = 0
    for (let start = 0; start < text.length; line++) {
      const end = text.indexOf('\n', start)
      const cpu = end - start > CPU_WORD * WORD_LENGTH ? word(start, CPU_WORD) : line
      const handles = this.#handles(cpu)
      for (let index = 0; index < handles.length; index++) write(handles[index], word(start, index))
      if (end < 0) break
      start = end + 1
    }
  }

  #handles(number: number): readonly SeriesHandle[] {
    let handles = this.#cpus.get(number)
    if (handles === undefined) {
      const cpu = String(number)
      handles = softnetCounters.map(([name]) => this.#sink.series(name, { cpu }))
      this.#cpus.set(number, handles)
    }
    return handles
  }
}
