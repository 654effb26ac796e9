/** The metrics of a run as they were stored, for PromQL after the fact. */
import type { SeriesData, SeriesSource } from '../model/series.ts'
import type { Evidence } from './query.ts'
import { sortedLabels, staleMarker } from './metric-series.ts'
import { labelsPredicate } from './promql/matchers.ts'

export interface StoredSeriesOptions {
  /** Metric names to read; all when left out. */
  readonly metrics?: readonly string[]
  /** Samples from here on and up to there, in ms since the epoch. */
  readonly fromMs?: number
  readonly toMs?: number
  /**
   * Stale markers are not stored: a series that is silent for longer than this is taken to have ended. Some three times
   * the pace of sampling; when left out nothing is, and PromQL looks back five minutes.
   */
  readonly silenceMs?: number
}

interface StoredRow {
  readonly run?: string
  readonly node: string
  readonly metric: string
  readonly labels: string
  readonly times: readonly number[]
  readonly values: readonly number[]
}

/** Reads the series into memory. With evidence of several runs each series has the label `run`. */
export async function seriesFromEvidence(
  evidence: Pick<Evidence, 'rows' | 'columns'>,
  options: StoredSeriesOptions = {},
): Promise<SeriesSource> {
  const { metrics, fromMs = 0, toMs = 9e12, silenceMs = Number.POSITIVE_INFINITY } = options
  const columns = await evidence.columns('select * from samples')
  const run = columns.some(({ name }) => name === 'run') ? 'run, ' : ''
  const ofMetrics = metrics === undefined ? '' : `and metric in (${metrics.map(() => '?').join(', ')})`
  const rows = await evidence.rows<StoredRow>(
    `select ${run}node, metric, labels,
       list(ts / 1e6 order by ts) as times, list(value order by ts) as values
     from samples
     where ts between ? and ? and value is not null ${metrics?.length === 0 ? 'and false' : ofMetrics}
     group by ${run}node, metric, labels
     order by ${run}node, metric, labels`,
    [BigInt(Math.floor(fromMs)) * 1_000_000n, BigInt(Math.ceil(toMs)) * 1_000_000n, ...(metrics ?? [])],
  )
  const series = rows.map((row) => seriesOf(row, silenceMs))
  return {
    select: (matchers) => {
      const accepts = labelsPredicate(matchers)
      return series.filter(({ labels }) => accepts(labels))
    },
  }
}

function seriesOf(row: StoredRow, silenceMs: number): SeriesData {
  const stored: unknown = JSON.parse(row.labels)
  const own = Object.entries(stored ?? {}).map(([name, value]): [string, string] => [name, String(value)])
  const labels = sortedLabels([...own, ['__name__', row.metric], ['node', row.node], ['run', row.run ?? '']])
  const ends = row.times.map((time, index) => (row.times[index + 1] ?? Infinity) - time > silenceMs)
  const length = row.times.length + ends.filter(Boolean).length
  const times = new Float64Array(length)
  const values = new Float64Array(length)
  let place = 0
  for (const [index, time] of row.times.entries()) {
    times[place] = time
    values[place++] = row.values[index] ?? Number.NaN
    if (ends[index] !== true) continue
    times[place] = time + silenceMs
    values.set(staleMarker, place++)
  }
  return { labels, times, values, length }
}
