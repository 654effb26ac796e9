/** Writes the intervals of tagged histogram logs as CSV, a file for each set of tag values. */
import { writeFile } from 'node:fs/promises'
import { basename, dirname, join, matchesGlob } from 'node:path'
import { z } from 'zod'
import { maximum, mean, minimum, percentile, union } from '../../../base/hdr/histogram.ts'
import { readHistogramLog, type LoggedInterval } from '../../../base/hdr/log.ts'
import { defineArtifactChecker } from '../../../plugin/define.ts'
import { filesOf } from '../../matching/files.ts'
import { splitOf } from './tags.ts'

const isLog = (name: string): boolean => name.endsWith('.hdr')
const LEVELS = [50, 90, 95, 99, 99.9] as const
const HEADER = 'Timestamp,Throughput,Min,Avg,p50,p90,p95,p99,p999,Max'

export default defineArtifactChecker({
  id: 'hdr_split_to_csv',
  summary: 'splits tagged histogram logs into CSV files, one for each log and set of tag values',
  needs: [],
  properties: z.strictObject({
    files: z
      .array(z.string())
      .min(1, { error: 'Please specify at least one HDR histogram' })
      .refine((files) => files.every(isLog), { error: 'Found invalid files: every name ends in .hdr' })
      .describe('names of the logs, or globs for them, such as `*.hdr`'),
    tags: z
      .array(z.string().min(1))
      .min(1, { error: 'Please specify at least one tag' })
      .describe('tags: whole ones, or the names of those of the form `name=value;name=value`'),
  }),
  check: async (context, { files, tags }) => {
    const logs = (await Promise.all(context.groups.map(filesOf)))
      .flat()
      .filter(({ path }) => files.some((glob) => matchesGlob(basename(path), glob)))
    const written: string[] = []
    for (const { path } of logs) {
      const parts = new Map<string, LoggedInterval[]>()
      const onBad = (line: number, why: string): void => context.log(`${path}:${line}: ${why}`)
      for await (const interval of readHistogramLog(path, onBad)) {
        const part = splitOf(interval.tag, tags)
        if (part !== undefined) parts.set(part, [...(parts.get(part) ?? []), interval])
      }
      for (const [part, intervals] of parts) {
        const name = `${basename(path, '.hdr')}.${part.replaceAll(/[^\w.=-]/g, '_').slice(0, 100)}.csv`
        await writeFile(join(dirname(path), name), csvOf(intervals))
        written.push(name)
      }
    }
    const missing = files.filter((glob) => !logs.some(({ path }) => matchesGlob(basename(path), glob)))
    if (missing.length > 0) return { verdict: 'fail', message: `there is no ${missing.join(', ')}` }
    return written.length === 0
      ? { verdict: 'fail', message: `no log has an interval with ${tags.join(' or ')}` }
      : { verdict: 'pass', message: `${written.length} files: ${written.slice(0, 5).join(', ')}` }
  },
})

/** A row for each interval: latencies in ms. Intervals of one time, which differ in other tags, are one. */
function csvOf(intervals: readonly LoggedInterval[]): string {
  const rows = [...Map.groupBy(intervals, ({ start }) => start)].map(([start, members]) => {
    const histogram = union(members.map((one) => one.histogram))
    if (histogram === undefined || histogram.total === 0) return [start.toFixed(3), 0, 0, 0, 0, 0, 0, 0, 0, 0]
    const values = [
      minimum(histogram),
      mean(histogram),
      ...LEVELS.map((level) => percentile(histogram, level)),
      maximum(histogram),
    ]
    const rate = histogram.total / (members[0]?.length ?? 1)
    return [start.toFixed(3), rate.toFixed(3), ...values.map((value) => (value / 1e6).toFixed(6))]
  })
  return `${[HEADER, ...rows.map((row) => row.join(','))].join('\n')}\n`
}
