/** What is written of one process. */
import { TextScanner } from '../../../base/scan.ts'
import type { Labels } from '../../../model/series.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SeriesHandle } from '../../../plugin/sampler.ts'
import type { ProcessStat } from './stat.ts'
import { write } from '../write.ts'

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
const NS = 1e9

/** From /proc/PID/stat and schedstat. A kernel thread has no memory. */
export class BasicSeries {
  readonly #open: OpenSeries
  readonly #user: SeriesHandle
  readonly #system: SeriesHandle
  readonly #resident: SeriesHandle | undefined
  readonly #virtual: SeriesHandle | undefined
  readonly #threads: SeriesHandle
  readonly #start: SeriesHandle
  readonly #minorFaults: SeriesHandle
  readonly #majorFaults: SeriesHandle
  readonly #runDelay: SeriesHandle
  /** One for each state that the process was seen in. */
  readonly #states: { readonly state: string; readonly handle: SeriesHandle }[] = []

  constructor(open: OpenSeries, isKernelThread: boolean) {
    this.#open = open
    this.#user = open('process_cpu_seconds_total', { mode: 'user' })
    this.#system = open('process_cpu_seconds_total', { mode: 'system' })
    if (!isKernelThread) {
      this.#resident = open('process_resident_memory_bytes')
      this.#virtual = open('process_virtual_memory_bytes')
    }
    this.#threads = open('process_threads')
    this.#start = open('process_start_time_seconds')
    this.#minorFaults = open('process_page_faults_total', { kind: 'minor' })
    this.#majorFaults = open('process_page_faults_total', { kind: 'major' })
    this.#runDelay = open('process_run_delay_seconds_total')
  }

  set(stat: ProcessStat, runDelayNs: number, host: Host): void {
    this.#user.set(stat.userTicks / TICKS)
    this.#system.set(stat.systemTicks / TICKS)
    this.#resident?.set(stat.residentPages * host.pageBytes)
    this.#virtual?.set(stat.virtualBytes)
    this.#threads.set(stat.threads)
    this.#start.set(host.bootTime + stat.startTicks / TICKS)
    this.#minorFaults.set(stat.minorFaults)
    this.#majorFaults.set(stat.majorFaults)
    write(this.#runDelay, runDelayNs / NS)
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

/** A series that can write its last value once more. */
interface Column {
  readonly key: string
  readonly handle: SeriesHandle
  value: number
}

const scanner = new TextScanner()

/**
 * From /proc/PID/io, status and fd; a kernel thread has switches alone. What cannot be read once is not tried again: a refusal costs more than a
 * reading.
 */
export class DetailSeries {
  readonly #paths: Readonly<Record<'io' | 'status' | 'descriptors', string>>
  readonly #columns: readonly Column[]
  readonly #io: readonly Column[]
  readonly #switches: readonly Column[]
  readonly #descriptors: Column | undefined
  #readsIo: boolean

  constructor(open: OpenSeries, directory: string, isKernelThread: boolean) {
    this.#paths = { io: `${directory}/io`, status: `${directory}/status`, descriptors: `${directory}/fd` }
    const column = (key: string, handle: SeriesHandle): Column => ({ key, handle, value: Number.NaN })
    this.#io = isKernelThread ? [] : ioLines.map(([key, metric]) => column(key, open(metric)))
    this.#switches = switchLines.map(([key, kind]) =>
      column(key, open('process_context_switches_total', { kind })),
    )
    this.#descriptors = isKernelThread ? undefined : column('', open('process_open_fds'))
    this.#readsIo = !isKernelThread
    this.#columns = [...this.#io, ...this.#switches]
  }

  /** Takes over what the files say now. */
  read(files: FileView): void {
    const io = this.#readsIo ? files.text(this.#paths.io) : undefined
    this.#readsIo = io !== undefined
    if (io !== undefined) readColumns(this.#io, io, 0)
    const status = files.text(this.#paths.status)
    if (status !== undefined) readColumns(this.#switches, status, status.lastIndexOf('\nvoluntary') + 1)
    if (this.#descriptors !== undefined) {
      this.#descriptors.value = files.count(this.#paths.descriptors) ?? Number.NaN
    }
  }

  /** Writes what was read last. */
  write(): void {
    for (const { handle, value } of this.#columns) write(handle, value)
    if (this.#descriptors !== undefined) write(this.#descriptors.handle, this.#descriptors.value)
  }
}

function readColumns(columns: readonly Column[], text: string, start: number): void {
  scanner.read(text, start)
  for (const column of columns) {
    if (scanner.accept(column.key)) column.value = scanner.number()
    scanner.nextLine()
  }
}
