/** Every interval of every series, a row each, for spreadsheets. */
import { metrics } from './metrics.ts'
import type { Performance } from './performance.ts'

const HEADER = ['run', 'series', 'time_s', 'operations', ...metrics.map(({ id, unit }) => `${id} ${unit}`)]

export function performanceCsv({ runs }: Performance): string {
  const rows = runs.flatMap(({ name: run, series }) =>
    series.flatMap(({ name, intervals }) =>
      intervals.map((interval) => [
        quoted(run),
        quoted(name),
        interval.at.toFixed(3),
        interval.operations.toFixed(1),
        ...metrics.map((metric) => metric.of(interval)?.toFixed(metric.unit === 'ms' ? 6 : 1) ?? ''),
      ]),
    ),
  )
  return `${[HEADER, ...rows].map((row) => row.join(',')).join('\n')}\n`
}

/** Names come from files of systems under test: a spreadsheet must not take one for a formula. */
function quoted(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
