/** /proc/diskstats, as node_exporter reads it. */
import { Roster } from '../../../base/roster.ts'
import { TextScanner } from '../../../base/scan.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { writeNext } from '../write.ts'

interface Column {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly unit: 'seconds' | 'bytes' | ''
  /** How many of what /proc/diskstats counts make one of `unit`. */
  readonly divisor: number
  readonly help: string
}

/** A sector of /proc/diskstats has 512 bytes, whatever the device has. */
const SECTORS_PER_BYTE = 1 / 512
const MS_PER_SECOND = 1000

const count = (what: string, help: string): Column => ({
  name: `node_disk_${what}_total`,
  type: 'counter',
  unit: '',
  divisor: 1,
  help,
})
const bytes = (what: string, help: string): Column => ({
  ...count(what, help),
  unit: 'bytes',
  divisor: SECTORS_PER_BYTE,
})
const time = (what: string, help: string): Column => ({
  ...count(what, help),
  unit: 'seconds',
  divisor: MS_PER_SECOND,
})

/** Fields after the device's name, in order (Documentation/admin-guide/iostats.rst); old kernels have fewer. */
export const columns: readonly Column[] = [
  count('reads_completed', 'reads completed'),
  count('reads_merged', 'reads merged into others'),
  bytes('read_bytes', 'bytes read'),
  time('read_time_seconds', 'time of all reads'),
  count('writes_completed', 'writes completed'),
  count('writes_merged', 'writes merged into others'),
  bytes('written_bytes', 'bytes written'),
  time('write_time_seconds', 'time of all writes'),
  { ...count('', 'requests under way'), name: 'node_disk_io_now', type: 'gauge' },
  time('io_time_seconds', 'time with at least one request under way'),
  time('io_time_weighted_seconds', 'time with requests under way, times their number'),
  count('discards_completed', 'discards completed'),
  count('discards_merged', 'discards merged into others'),
  count('discarded_sectors', 'sectors discarded'),
  time('discard_time_seconds', 'time of all discards'),
  count('flush_requests', 'flush requests completed'),
  time('flush_requests_time_seconds', 'time of all flush requests'),
]

/** Reads the wanted block devices. */
export class BlockDevices {
  readonly #scanner = new TextScanner()
  readonly #devices: Roster<{ handles: readonly SeriesHandle[] | undefined }>

  constructor(sink: SampleSink, wanted: { exclude: RegExp | undefined; include: RegExp | undefined }) {
    const isWanted = (device: string): boolean =>
      wanted.exclude?.test(device) !== true && wanted.include?.test(device) !== false
    this.#devices = new Roster<{ handles: readonly SeriesHandle[] | undefined }>(
      (device) => ({
        handles: isWanted(device) ? columns.map(({ name }) => sink.series(name, { device })) : undefined,
      }),
      ({ handles }) => handles?.forEach((handle) => sink.forget(handle)),
    )
  }

  /** One reading. */
  sample(files: FileView): void {
    const text = files.text('/proc/diskstats')
    if (text === undefined) return
    const scanner = this.#scanner
    scanner.read(text)
    this.#devices.begin()
    while (scanner.more()) {
      scanner.skip(2)
      const { handles } = this.#devices.take(scanner)
      for (let field = 0; field < (handles?.length ?? 0); field++) {
        writeNext(handles?.[field], scanner, columns[field]?.divisor)
      }
      scanner.nextLine()
    }
    this.#devices.end()
  }
}
