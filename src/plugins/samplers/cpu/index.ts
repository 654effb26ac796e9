/** CPU time by mode, load, switches, interrupts, forks and run-queue wait, as node_exporter's cpu, loadavg, stat and schedstat. */
import { z } from 'zod'
import { Roster } from '../../../base/roster.ts'
import { TextScanner } from '../../../base/scan.ts'
import { defineSampler } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, Sampler, SeriesHandle } from '../../../plugin/sampler.ts'
import { counter, gauge } from '../declare.ts'
import { writeNext } from '../write.ts'

/** Clock ticks of /proc/stat in a second: USER_HZ, which Linux has as 100 on every architecture in use. */
const TICKS = 100
/** Fields of a `cpuN` line, in order. */
const modes = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
const guestModes = ['user', 'nice'] as const
/** Fields 8 and 9 of a `cpuN` line of /proc/schedstat are in ns, field 10 is a count (sched-stats.rst). */
const SCHEDSTAT_SKIP = 6
const NS = 1e9

/** Lines of /proc/stat with one number. */
const singles: Readonly<Record<string, string>> = {
  intr: 'node_intr_total',
  ctxt: 'node_context_switches_total',
  btime: 'node_boot_time_seconds',
  processes: 'node_forks_total',
  procs_running: 'node_procs_running',
  procs_blocked: 'node_procs_blocked',
}

export default defineSampler({
  id: 'cpu',
  summary: 'CPU time by mode, load, context switches, interrupts, forks, run-queue wait',
  needs: [],
  properties: z.strictObject({}),
  metrics: [
    counter('node_cpu_seconds_total', 'seconds', 'time the CPU spent in each mode', ['cpu', 'mode']),
    counter('node_cpu_guest_seconds_total', 'seconds', 'time the CPU spent in guests', ['cpu', 'mode']),
    gauge('node_load1', '', 'load average over 1 minute'),
    gauge('node_load5', '', 'load average over 5 minutes'),
    gauge('node_load15', '', 'load average over 15 minutes'),
    counter('node_intr_total', '', 'interrupts serviced'),
    counter('node_context_switches_total', '', 'context switches'),
    gauge('node_boot_time_seconds', 'seconds', 'when the node booted, since the epoch'),
    counter('node_forks_total', '', 'forks'),
    gauge('node_procs_running', '', 'threads that run or wait for a CPU'),
    gauge('node_procs_blocked', '', 'threads blocked until I/O is complete'),
    counter('node_schedstat_running_seconds_total', 'seconds', 'time the CPU spent running a thread', [
      'cpu',
    ]),
    counter('node_schedstat_waiting_seconds_total', 'seconds', 'time threads waited for this CPU', ['cpu']),
    counter('node_schedstat_timeslices_total', '', 'time slices run by the CPU', ['cpu']),
  ],
  open: ({ sink }) => new CpuSampler(sink),
})

class CpuSampler implements Sampler {
  readonly #scanner = new TextScanner()
  readonly #lines: Roster<StatLine | undefined>
  readonly #schedstat: Roster<readonly SeriesHandle[]>
  readonly #load: readonly SeriesHandle[]

  constructor(sink: SampleSink) {
    this.#load = [1, 5, 15].map((minutes) => sink.series(`node_load${minutes}`))
    this.#lines = new Roster(
      (key) => statLine(sink, key),
      (line) => line?.handles.forEach((handle) => sink.forget(handle)),
    )
    this.#schedstat = new Roster(
      (key) => schedstatHandles(sink, key),
      (handles) => handles.forEach((handle) => sink.forget(handle)),
    )
  }

  sample(files: FileView): void {
    const scanner = this.#scanner
    const stat = files.text('/proc/stat')
    if (stat !== undefined) {
      scanner.read(stat)
      this.#lines.begin()
      do this.#lines.take(scanner)?.read(scanner)
      while (scanner.nextLine())
      this.#lines.end()
    }
    const load = files.text('/proc/loadavg')
    if (load !== undefined) {
      scanner.read(load)
      for (const handle of this.#load) writeNext(handle, scanner)
    }
    // Absent from kernels without CONFIG_SCHEDSTATS.
    const schedstat = files.text('/proc/schedstat')
    if (schedstat !== undefined) this.#readSchedstat(schedstat)
  }

  #readSchedstat(text: string): void {
    const scanner = this.#scanner
    scanner.read(text)
    this.#schedstat.begin()
    do {
      const [running, waiting, slices] = this.#schedstat.take(scanner)
      if (running === undefined || waiting === undefined) continue
      scanner.skip(SCHEDSTAT_SKIP)
      writeNext(running, scanner, NS)
      writeNext(waiting, scanner, NS)
      writeNext(slices, scanner)
    } while (scanner.nextLine())
    this.#schedstat.end()
  }
}

/** What is done with the rest of one line of /proc/stat. */
interface StatLine {
  readonly handles: readonly SeriesHandle[]
  read(scanner: TextScanner): void
}

function statLine(sink: SampleSink, key: string): StatLine | undefined {
  const single = singles[key]
  if (single !== undefined) {
    const handle = sink.series(single)
    return { handles: [handle], read: (scanner) => writeNext(handle, scanner) }
  }
  const cpu = /^cpu(\d+)$/.exec(key)?.[1]
  if (cpu === undefined) return undefined
  const handles = [
    ...modes.map((mode) => sink.series('node_cpu_seconds_total', { cpu, mode })),
    ...guestModes.map((mode) => sink.series('node_cpu_guest_seconds_total', { cpu, mode })),
  ]
  const last = handles.map(() => 0)
  return {
    handles,
    read: (scanner) => {
      for (let field = 0; field < handles.length; field++) {
        const ticks = scanner.number()
        // Kernels before 2.6.33 have fewer fields.
        if (Number.isNaN(ticks)) return
        // Idle and iowait may go back by a few ticks (proc(5)), which is no reset; after hotplug they start over.
        const before = last[field] ?? 0
        const kept = ticks < before && before - ticks < 3 * TICKS ? before : ticks
        last[field] = kept
        handles[field]?.set(kept / TICKS)
      }
    },
  }
}

function schedstatHandles(sink: SampleSink, key: string): readonly SeriesHandle[] {
  const cpu = /^cpu(\d+)$/.exec(key)?.[1]
  if (cpu === undefined) return []
  return ['running_seconds', 'waiting_seconds', 'timeslices'].map((what) =>
    sink.series(`node_schedstat_${what}_total`, { cpu }),
  )
}
