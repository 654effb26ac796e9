/** What every process uses, and how many there are in which state. */
import { z } from 'zod'
import { defineSampler } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, Sampler, SeriesHandle } from '../../../plugin/sampler.ts'
import { counter, gauge } from '../declare.ts'
import { Process } from './process.ts'
import type { Host } from './series.ts'
import { write } from '../write.ts'

const labels = ['pid', 'comm']

const properties = z.strictObject({
  limit: z
    .int()
    .min(0)
    .default(2000)
    .describe(
      'while there are more processes than this, open files, I/O and context switches are read only of this many, ' +
        'those that used most CPU time since the previous reading',
    ),
})

export default defineSampler({
  id: 'processes',
  summary: 'CPU, memory, I/O, threads, open files and state of every process and kernel thread',
  needs: [],
  properties,
  metrics: [
    counter('process_cpu_seconds_total', 'seconds', 'CPU time by mode: user, system', [...labels, 'mode']),
    gauge('process_resident_memory_bytes', 'bytes', 'memory that is resident', labels),
    gauge('process_virtual_memory_bytes', 'bytes', 'address space', labels),
    gauge('process_threads', '', 'threads', labels),
    gauge('process_start_time_seconds', 'seconds', 'when it started, since the epoch', labels),
    counter('process_page_faults_total', '', 'page faults by kind: minor, major', [...labels, 'kind']),
    gauge('process_state', '', '1 for the state it is in, 0 for others it was seen in', [...labels, 'state']),
    counter('process_io_read_chars_total', 'bytes', 'bytes read by system calls, from disk or not', labels),
    counter('process_io_written_chars_total', 'bytes', 'bytes written by system calls', labels),
    counter('process_io_read_syscalls_total', '', 'read system calls', labels),
    counter('process_io_write_syscalls_total', '', 'write system calls', labels),
    counter('process_io_read_bytes_total', 'bytes', 'bytes fetched from block devices', labels),
    counter('process_io_written_bytes_total', 'bytes', 'bytes sent to block devices', labels),
    counter(
      'process_context_switches_total',
      '',
      'context switches of its main thread by kind: voluntary, involuntary (the kernel keeps no sum over threads)',
      [...labels, 'kind'],
    ),
    counter(
      'process_run_delay_seconds_total',
      'seconds',
      'time that its main thread could run and waited for a CPU',
      labels,
    ),
    gauge('process_open_fds', '', 'open file descriptors', labels),
    gauge('node_processes_pids', '', 'processes'),
    gauge('node_processes_state', '', 'processes by state', ['state']),
    gauge('node_processes_threads', '', 'threads'),
    gauge('node_processes_max_processes', '', 'most processes and threads that can have an id'),
    gauge('node_processes_max_threads', '', 'most threads that there can be'),
  ],
  open: ({ sink }, { limit }) => new ProcessesSampler(sink, limit),
})

class ProcessesSampler implements Sampler {
  readonly #sink: SampleSink
  readonly #limit: number
  readonly #processes = new Map<string, { readonly process: Process; seen: number }>()
  readonly #present: Process[] = []
  readonly #states = new Map<string, { readonly handle: SeriesHandle; count: number }>()
  readonly #pids: SeriesHandle
  readonly #threads: SeriesHandle
  readonly #limits: readonly { readonly path: string; readonly handle: SeriesHandle }[]
  #host: Host | undefined
  #tick = 0

  constructor(sink: SampleSink, limit: number) {
    this.#sink = sink
    this.#limit = limit
    this.#pids = sink.series('node_processes_pids')
    this.#threads = sink.series('node_processes_threads')
    this.#limits = [
      { path: '/proc/sys/kernel/pid_max', handle: sink.series('node_processes_max_processes') },
      { path: '/proc/sys/kernel/threads-max', handle: sink.series('node_processes_max_threads') },
    ]
  }

  sample(files: FileView): void {
    this.#host ??= readHost(files)
    this.#tick++
    this.#readAll(files, this.#host)
    this.#readDetails(files)
    this.#setSums()
    for (const { path, handle } of this.#limits) {
      const text = files.text(path)
      if (text !== undefined) write(handle, Number.parseInt(text, 10))
    }
  }

  /** Reads what all processes show; those that ended, before or in the middle, are forgotten. */
  #readAll(files: FileView, host: Host): void {
    const present = this.#present
    present.length = 0
    for (const name of files.list('/proc')) {
      if (!isDigit(name.charCodeAt(0))) continue
      let known = this.#processes.get(name)
      if (known === undefined) {
        known = { process: new Process(this.#sink, name), seen: 0 }
        this.#processes.set(name, known)
      }
      if (!known.process.sample(files, host)) continue
      known.seen = this.#tick
      present.push(known.process)
    }
    if (present.length === this.#processes.size) return
    for (const [pid, { process, seen }] of this.#processes) {
      if (seen === this.#tick) continue
      process.close()
      this.#processes.delete(pid)
    }
  }

  #readDetails(files: FileView): void {
    const all = this.#present.length <= this.#limit
    const chosen = all ? this.#present : busiest(this.#present, this.#limit)
    for (const process of chosen) process.sampleDetails(files)
  }

  #setSums(): void {
    for (const state of this.#states.values()) state.count = 0
    let threads = 0
    for (const process of this.#present) {
      threads += process.threads
      let state = this.#states.get(process.state)
      if (state === undefined) {
        state = { handle: this.#sink.series('node_processes_state', { state: process.state }), count: 0 }
        this.#states.set(process.state, state)
      }
      state.count++
    }
    for (const { handle, count } of this.#states.values()) handle.set(count)
    this.#threads.set(threads)
    this.#pids.set(this.#present.length)
  }
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

const busiest = (processes: readonly Process[], count: number): readonly Process[] =>
  processes.toSorted((a, b) => b.recentTicks - a.recentTicks).slice(0, count)

/** 4096 and 0 where the node does not say. */
function readHost(files: FileView): Host {
  const pageKib = /^KernelPageSize:\s+(\d+) kB/m.exec(files.text('/proc/self/smaps') ?? '')?.[1]
  const bootTime = /^btime (\d+)/m.exec(files.text('/proc/stat') ?? '')?.[1]
  return { pageBytes: Number(pageKib ?? 4) * 1024, bootTime: Number(bootTime ?? 0) }
}
