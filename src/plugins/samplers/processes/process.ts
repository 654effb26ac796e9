/** One process and its series. */
import { TextScanner } from '../../../base/scan.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { type Host, BasicSeries, DetailSeries, type OpenSeries } from './series.ts'
import { ProcessStat } from './stat.ts'

/** Readings after which a process that did not run is read all the same: the kernel may have taken memory from it. */
const REFRESH = 10

const scanner = new TextScanner()

/**
 * Reads one pid. When the pid is given to another process, or the name changes, all series begin anew.
 *
 * A process of one thread that has not been on a CPU since the previous reading has done nothing, and /proc/PID/schedstat
 * tells so at the least cost; of most processes of a host nothing else has to be read. What that misses is the moment in
 * which such a process was woken and has not got its CPU yet: it counts as asleep until it has.
 */
export class Process {
  readonly #stat = new ProcessStat()
  readonly #sink: SampleSink
  readonly #pid: string
  readonly #paths: { readonly schedstat: string; readonly stat: string }
  /** Readings until the next refresh; processes seen first together are not refreshed together. */
  #untilRefresh: number
  /** Times that the main thread was put on a CPU; NaN where the kernel does not tell. */
  #slices = Number.NaN
  #runDelayNs = Number.NaN
  #hasRun = true
  #startTicks = -1
  #comm: string | undefined
  #basic: BasicSeries | undefined
  #details: DetailSeries | undefined
  #cpuTicks = 0
  #recentTicks = 0
  #handles: SeriesHandle[] = []

  constructor(sink: SampleSink, pid: string) {
    this.#sink = sink
    this.#pid = pid
    this.#paths = { schedstat: `/proc/${pid}/schedstat`, stat: `/proc/${pid}/stat` }
    this.#untilRefresh = 1 + (Number(pid) % REFRESH)
  }

  /** How the process is: R, S, D, ... as in proc_pid_stat(5). */
  get state(): string {
    return this.#stat.state
  }

  get threads(): number {
    return this.#stat.threads
  }

  /** CPU ticks that it used between the last two readings; 0 after the first. */
  get recentTicks(): number {
    return this.#recentTicks
  }

  /** Reads what costs one file or two; false when the process is gone. */
  sample(files: FileView, host: Host): boolean {
    this.#hasRun = this.#readSchedstat(files)
    this.#recentTicks = 0
    if ((this.#hasRun || --this.#untilRefresh <= 0) && !this.#readStat(files)) return false
    this.#basic?.set(this.#stat, this.#runDelayNs, host)
    return true
  }

  /** Reads what costs three more files. */
  sampleDetails(files: FileView): void {
    if (this.#details === undefined) {
      this.#details = new DetailSeries(this.#open, `/proc/${this.#pid}`, this.#stat.isKernelThread)
      this.#details.read(files)
    } else if (this.#hasRun) {
      this.#details.read(files)
    }
    this.#details.write()
  }

  /** Forgets all series. */
  close(): void {
    for (const handle of this.#handles) this.#sink.forget(handle)
    this.#handles = []
    this.#basic = undefined
    this.#details = undefined
  }

  /** Whether it may have run since the previous reading. */
  #readSchedstat(files: FileView): boolean {
    const before = this.#slices
    scanner.read(files.text(this.#paths.schedstat) ?? '')
    scanner.skip(1)
    this.#runDelayNs = scanner.number()
    this.#slices = scanner.number()
    return this.#slices !== before || this.#stat.threads !== 1
  }

  #readStat(files: FileView): boolean {
    const stat = this.#stat
    const text = files.text(this.#paths.stat)
    if (text === undefined || !stat.read(text)) return false
    this.#untilRefresh = REFRESH
    const cpuTicks = stat.userTicks + stat.systemTicks
    if (this.#basic === undefined || stat.startTicks !== this.#startTicks || stat.comm !== this.#comm) {
      this.close()
      this.#startTicks = stat.startTicks
      this.#comm = stat.comm
      this.#basic = new BasicSeries(this.#open, stat.isKernelThread)
    } else {
      this.#recentTicks = cpuTicks - this.#cpuTicks
    }
    this.#cpuTicks = cpuTicks
    return true
  }

  readonly #open: OpenSeries = (metric, labels) => {
    const handle = this.#sink.series(metric, { pid: this.#pid, comm: this.#comm ?? '', ...labels })
    this.#handles.push(handle)
    return handle
  }
}
