/** One process and its series. */
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { type Host, BasicSeries, DetailSeries, type OpenSeries } from './series.ts'
import { ProcessStat } from './stat.ts'

/** PF_KTHREAD of include/linux/sched.h: a kernel thread has no files. */
const KERNEL_THREAD = 0x200000

/** Reads one pid. When the pid is given to another process, or the name changes, all series begin anew. */
export class Process {
  readonly #stat = new ProcessStat()
  readonly #sink: SampleSink
  readonly #pid: string
  readonly #statPath: string
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
    this.#statPath = `/proc/${pid}/stat`
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

  /** Reads what costs one file; false when the process is gone. */
  sample(files: FileView, host: Host): boolean {
    const stat = this.#stat
    const text = files.text(this.#statPath)
    if (text === undefined || !stat.read(text)) return false
    if (this.#basic === undefined || stat.startTicks !== this.#startTicks || stat.comm !== this.#comm) {
      this.close()
      this.#startTicks = stat.startTicks
      this.#comm = stat.comm
      this.#cpuTicks = stat.userTicks + stat.systemTicks
      this.#basic = new BasicSeries(this.#open)
    }
    this.#recentTicks = stat.userTicks + stat.systemTicks - this.#cpuTicks
    this.#cpuTicks = stat.userTicks + stat.systemTicks
    this.#basic.set(stat, host)
    return true
  }

  /** Reads what costs three more files. */
  sampleDetails(files: FileView): void {
    this.#details ??= new DetailSeries(this.#open, `/proc/${this.#pid}`, {
      hasDescriptors: (this.#stat.flags & KERNEL_THREAD) === 0,
    })
    this.#details.set(files)
  }

  /** Forgets all series. */
  close(): void {
    for (const handle of this.#handles) this.#sink.forget(handle)
    this.#handles = []
    this.#basic = undefined
    this.#details = undefined
  }

  readonly #open: OpenSeries = (metric, labels) => {
    const handle = this.#sink.series(metric, { pid: this.#pid, comm: this.#comm ?? '', ...labels })
    this.#handles.push(handle)
    return handle
  }
}
