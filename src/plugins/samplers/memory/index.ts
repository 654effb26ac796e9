/** All of /proc/meminfo and what /proc/vmstat tells of reclaim, as node_exporter's meminfo and vmstat. */
import { z } from 'zod'
import { Roster } from '../../../base/roster.ts'
import { TextScanner } from '../../../base/scan.ts'
import { defineSampler } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, Sampler, SeriesHandle } from '../../../plugin/sampler.ts'
import { counter, gauge } from '../declare.ts'
import { pattern } from '../../pattern.ts'
import { defaultVmstat, meminfoKeys, vmstatCounters, vmstatKeys } from './keys.ts'
import { writeNext } from '../write.ts'

/** /proc/meminfo is in units of 1024 bytes. */
const BYTES_PER_KIB = 1 / 1024

const properties = z.strictObject({
  vmstat: pattern.default(defaultVmstat).describe('regular expression of the fields of /proc/vmstat to read'),
})

export default defineSampler({
  id: 'memory',
  summary: 'Memory by use, and page faults, swapping, reclaim and compaction',
  needs: [],
  properties,
  metrics: [
    ...meminfoKeys.map((key) =>
      gauge(
        meminfoName(key, !key.startsWith('HugePages_')),
        key.startsWith('HugePages_') ? '' : 'bytes',
        `${key} of /proc/meminfo`,
      ),
    ),
    ...vmstatKeys.map((key) =>
      (key.startsWith('nr_') && !vmstatCounters.includes(key) ? gauge : counter)(
        `node_vmstat_${key}`,
        '',
        `${key} of /proc/vmstat`,
      ),
    ),
  ],
  open: ({ sink }, { vmstat }) => new MemorySampler(sink, new RegExp(vmstat)),
})

/** `Active(anon)`, in kB, is `node_memory_Active_anon_bytes`; a count has no unit. */
function meminfoName(key: string, isSize: boolean): string {
  const name = key.replace(/\W+$/, '').replaceAll(/\W+/g, '_')
  return `node_memory_${name}${isSize ? '_bytes' : ''}`
}

class MemorySampler implements Sampler {
  readonly #scanner = new TextScanner()
  readonly #meminfo: Roster<{ readonly handle: SeriesHandle; readonly divisor: number }>
  readonly #vmstat: Roster<SeriesHandle | undefined>

  constructor(sink: SampleSink, wanted: RegExp) {
    this.#meminfo = new Roster(
      (key) => {
        const isSize = this.#lineEndsWith(' kB')
        return { handle: sink.series(meminfoName(key, isSize)), divisor: isSize ? BYTES_PER_KIB : 1 }
      },
      ({ handle }) => sink.forget(handle),
    )
    this.#vmstat = new Roster(
      (key) => (wanted.test(key) ? sink.series(`node_vmstat_${key}`) : undefined),
      (handle) => handle !== undefined && sink.forget(handle),
    )
  }

  sample(files: FileView): void {
    const scanner = this.#scanner
    const meminfo = files.text('/proc/meminfo')
    if (meminfo !== undefined) {
      scanner.read(meminfo)
      this.#meminfo.begin()
      while (scanner.more()) {
        const { handle, divisor } = this.#meminfo.take(scanner)
        writeNext(handle, scanner, divisor)
        scanner.nextLine()
      }
      this.#meminfo.end()
    }
    const vmstat = files.text('/proc/vmstat')
    if (vmstat !== undefined) {
      scanner.read(vmstat)
      this.#vmstat.begin()
      while (scanner.more()) {
        writeNext(this.#vmstat.take(scanner), scanner)
        scanner.nextLine()
      }
      this.#vmstat.end()
    }
  }

  /** Whether the line that the scanner is on ends so. */
  #lineEndsWith(suffix: string): boolean {
    const { text, at } = this.#scanner
    const end = text.indexOf('\n', at)
    return text.endsWith(suffix, end < 0 ? text.length : end)
  }
}
