/** Counts what the kernel of a node reports of itself, as it happens: a symptom can be told by it. */
import { z } from 'zod'
import { reportKinds, type KernelReport, type ReportKind } from '../../../base/kernel-reports/report.ts'
import { defineSampler } from '../../../plugin/define.ts'
import type { SampleSink, Sampler, SamplerContext, SeriesHandle } from '../../../plugin/sampler.ts'
import { counter } from '../declare.ts'
import { KernelLogFollower } from './follow.ts'

/** Titles that have a series of their own; a kernel that fails in more ways than this has said enough. */
const MOST_TITLES = 100

export default defineSampler({
  id: 'kernel-reports',
  summary:
    'Reports of the kernel since observation began: panics, faults, lock-ups, hung tasks, warnings, processes killed for want of memory',
  needs: [
    { type: 'tool', name: 'dd', package: 'coreutils' },
    { type: 'capability', name: 'CAP_SYSLOG' },
  ],
  properties: z.strictObject({}),
  metrics: [
    counter('kernel_reports_total', '', `reports by kind: ${Object.keys(reportKinds).join(', ')}`, ['kind']),
    counter('kernel_report_titles_total', '', 'the same by title, from the first one on', ['kind', 'title']),
  ],
  open: (context) => new KernelReportsSampler(context),
})

interface Count {
  readonly handle: SeriesHandle
  value: number
  /** A series that begins above zero has no increase: its first value is zero. */
  isNew: boolean
}

class KernelReportsSampler implements Sampler {
  readonly #sink: SampleSink
  readonly #kinds = new Map<ReportKind, Count>()
  readonly #titles = new Map<string, Count>()
  readonly #follower: KernelLogFollower
  #ticked = false

  constructor({ node, sink, signal }: SamplerContext) {
    this.#sink = sink
    for (const kind of Object.keys(reportKinds) as ReportKind[]) {
      this.#kinds.set(kind, { handle: sink.series('kernel_reports_total', { kind }), value: 0, isNew: false })
    }
    this.#follower = new KernelLogFollower(node, signal)
  }

  /** The first tick lasts until the log is followed, so that nothing of a workload is missed. */
  sample(): void | Promise<void> {
    for (const report of this.#follower.take()) this.#count(report)
    for (const counts of [this.#kinds, this.#titles]) {
      for (const count of counts.values()) {
        count.handle.set(count.isNew ? 0 : count.value)
        count.isNew = false
      }
    }
    this.#follower.check()
    if (this.#ticked) return undefined
    this.#ticked = true
    return this.#follower.begun
  }

  #count({ kind, title }: KernelReport): void {
    const ofKind = this.#kinds.get(kind)
    if (ofKind !== undefined) ofKind.value++
    let count = this.#titles.get(title)
    if (count === undefined) {
      if (this.#titles.size >= MOST_TITLES) return
      const handle = this.#sink.series('kernel_report_titles_total', { kind, title })
      this.#titles.set(title, (count = { handle, value: 0, isNew: true }))
    }
    count.value++
  }

  close(): Promise<void> {
    return this.#follower.close()
  }
}
