/** Pressure stall information: how long threads waited for CPU, memory and I/O, as node_exporter's pressure. */
import { z } from 'zod'
import { defineSampler } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, Sampler, SeriesHandle } from '../../../plugin/sampler.ts'
import { counter } from '../declare.ts'

const MICROSECONDS = 1e6

/** A `some` or `full` line of a file of /proc/pressure. `full` of the CPU means nothing for a whole host. */
const sources = [
  ['cpu', 'some', 'node_pressure_cpu_waiting_seconds_total'],
  ['io', 'some', 'node_pressure_io_waiting_seconds_total'],
  ['io', 'full', 'node_pressure_io_stalled_seconds_total'],
  ['memory', 'some', 'node_pressure_memory_waiting_seconds_total'],
  ['memory', 'full', 'node_pressure_memory_stalled_seconds_total'],
] as const

export default defineSampler({
  id: 'pressure',
  summary: 'Time that threads waited for CPU, memory and I/O (PSI)',
  needs: [
    {
      type: 'file',
      path: '/proc/pressure/cpu',
      remedy: 'boot a kernel that has CONFIG_PSI with `psi=1` on its command line',
    },
  ],
  properties: z.strictObject({}),
  metrics: sources.map(([resource, line, name]) =>
    counter(
      name,
      'seconds',
      line === 'some'
        ? `time in which at least one thread waited for ${resource}`
        : `time in which no thread could go on for want of ${resource}`,
    ),
  ),
  open: ({ sink }) => new PressureSampler(sink),
})

class PressureSampler implements Sampler {
  readonly #sources: readonly { file: string; line: string; handle: SeriesHandle }[]

  constructor(sink: SampleSink) {
    this.#sources = sources.map(([resource, line, name]) => ({
      file: `/proc/pressure/${resource}`,
      line: `${line} `,
      handle: sink.series(name),
    }))
  }

  sample(files: FileView): void {
    let file = ''
    let text: string | undefined
    for (const source of this.#sources) {
      if (source.file !== file) {
        file = source.file
        text = files.text(file)
      }
      const total = text === undefined ? undefined : totalOf(text, source.line)
      if (total !== undefined) source.handle.set(total)
    }
  }
}

/** Seconds of `total=` on the line that starts with `start`. */
function totalOf(text: string, start: string): number | undefined {
  const line = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1
  if (line === 0 && !text.startsWith(start)) return undefined
  const total = text.indexOf('total=', line)
  if (total < 0) return undefined
  const microseconds = Number.parseInt(text.slice(total + 6, total + 26), 10)
  return Number.isNaN(microseconds) ? undefined : microseconds / MICROSECONDS
}
