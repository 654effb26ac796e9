/** What is written of one process. */
import { TextScanner } from '../../../base/scan.ts'
import type { Labels } from '../../../model/series.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SeriesHandle } from '../../../plugin/sampler.ts'
import type { ProcessStat } from './stat.ts'
import { writeNext } from '../write.ts'

/** Opens a series of the process: its `pid` and `comm` are added to the labels. */
export type OpenSeries = (metric: string, labels?: Labels) => SeriesHandle

/** What all processes of a node share. */
export interface Host {
  readonly pageBytes: number
  /** Seconds since the epoch. */
  readonly bootTime: number
}

/** USER_HZ, which Linux has as 100 on every architecture in use. */
const TICKS = 100

/** From /proc/PID/stat. */
export class BasicSeries {
  readonly #open: OpenSeries
  readonly #user: SeriesHandle
  readonly #system: SeriesHandle
  readonly #resident: SeriesHandle
  readonly #virtual: SeriesHandle
  readonly #threads: SeriesHandle
  readonly #start: SeriesHandle
  readonly #minorFaults: SeriesHandle
  readonly #majorFaults: SeriesHandle
  /** One for each state that the process was seen in. */
  readonly #states: { readonly state: string; readonly handle: SeriesHandle }[] = []

  constructor(open: OpenSeries) {
    this.#open = open
    this.#user = open('process_cpu_seconds_total', { mode: 'user' })
    this.#system = open('process_cpu_seconds_total', { mode: 'system' })
    this.#resident = open('process_resident_memory_bytes')
    this.#virtual = open('process_virtual_memory_bytes')
    this.#threads = open('process_threads')
    this.#start = open('process_start_time_seconds')
    this.#minorFaults = open('process_page_faults_total', { kind: 'minor' })
    this.#majorFaults = open('process_page_faults_total', { kind: 'major' })
  }

  set(stat: ProcessStat, host: Host): void {
    this.#user.set(stat.userTicks / TICKS)
    this.#system.set(stat.systemTicks / TICKS)
    this.#resident.set(stat.residentPages * host.pageBytes)
    this.#virtual.set(stat.virtualBytes)
    this.#threads.set(stat.threads)
    this.#start.set(host.bootTime + stat.startTicks / TICKS)
    this.#minorFaults.set(stat.minorFaults)
    this.#majorFaults.set(stat.majorFaults)
    let isKnown = false
    for (const { state, handle } of this.#states) {
      const isCurrent = state === stat.state
      handle.set(isCurrent ? 1 : 0)
      isKnown ||= isCurrent
    }
    if (isKnown) return
    const handle = this.#open('process_state', { state: stat.state })
    handle.set(1)
    this.#states.push({ state: stat.state, handle })
  }
}

/** Lines of /proc/PID/io, in order. */
const ioLines = [
  ['rchar:', 'process_io_read_chars_total'],
  ['wchar:', 'process_io_written_chars_total'],
  ['syscr:', 'process_io_read_syscalls_total'],
  ['syscw:', 'process_io_write_syscalls_total'],
  ['read_bytes:', 'process_io_read_bytes_total'],
  ['write_bytes:', 'process_io_written_bytes_total'],
] as const

/** Lines near the end of /proc/PID/status, in order. */
const switchLines = [
  ['voluntary_ctxt_switches:', 'voluntary'],
  ['nonvoluntary_ctxt_switches:', 'involuntary'],
] as const

type Line = readonly [key: string, handle: SeriesHandle]

const scanner = new TextScanner()

/** From /proc/PID/io, status and fd. What cannot be read once is not tried again: a refusal costs more than a reading. */
export class DetailSeries {
  readonly #paths: { readonly io: string; readonly status: string; readonly descriptors: string }
  readonly #switches: readonly Line[]
  #io: readonly Line[] | undefined
  #descriptors: SeriesHandle | undefined

  constructor(open: OpenSeries, directory: string, { hasDescriptors }: { readonly hasDescriptors: boolean }) {
    this.#paths = { io: `${directory}/io`, status: `${directory}/status`, descriptors: `${directory}/fd` }
    this.#io = ioLines.map(([key, metric]) => [key, open(metric)])
    this.#switches = switchLines.map(([key, kind]) => [key, open('process_context_switches_total', { kind })])
    this.#descriptors = hasDescriptors ? open('process_open_fds') : undefined
  }

  set(files: FileView): void {
    if (this.#io !== undefined) {
      const io = files.text(this.#paths.io)
      if (io === undefined) this.#io = undefined
      else setLines(this.#io, io, 0)
    }
    const status = files.text(this.#paths.status)
    if (status !== undefined) setLines(this.#switches, status, status.lastIndexOf('\nvoluntary') + 1)
    if (this.#descriptors !== undefined) {
      const count = files.count(this.#paths.descriptors)
      if (count === undefined) this.#descriptors = undefined
      else this.#descriptors.set(count)
    }
  }
}

function setLines(lines: readonly Line[], text: string, start: number): void {
  scanner.read(text, start)
  for (const [key, handle] of lines) {
    if (scanner.accept(key)) writeNext(handle, scanner)
    scanner.nextLine()
  }
}
