/** Latencies by kind of operation and outcome: intervals for an HdrHistogram log, and the whole. */
import { build, encodeIntoCompressedBase64, HistogramLogWriter, type Histogram } from 'hdr-histogram-js'
import type { ErrorCount, LoadOutcome, SeriesReport, SeriesSummary } from './messages.ts'

/** A longer latency counts as this one: an hour, in ns. */
const HIGHEST_NS = 3600e9
const NS_PER_MS = 1e6
/** Kinds of errors that are told apart; the rest is counted together. */
const MOST_CODES = 50
const OTHER_CODE = 'other errors'
export const quantiles = [0.5, 0.9, 0.99, 0.999] as const

interface Series {
  readonly kind: string
  readonly outcome: LoadOutcome
  readonly interval: Histogram
  readonly whole: Histogram
}

/** Values in ns, to three digits. */
export const latencyHistogram = (): Histogram =>
  build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: 3,
  })

/** The first lines of a log in format 1.3, whose intervals have absolute times. */
export function logHeader(startMs: number): string {
  const start = (startMs / 1000).toFixed(3)
  return [
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${start} (seconds since epoch), ${new Date(startMs).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    '',
  ].join('\n')
}

/** The tag of a series in a log: the kind for what went well, `read-error` and the like for the rest. */
export const tagOf = (kind: string, outcome: LoadOutcome): string =>
  outcome === 'ok' ? kind : `${kind}-${outcome}`

export class Recorder {
  readonly #series = new Map<string, Series>()
  readonly #errors = new Map<string, { count: number; readonly example: string }>()

  record(kind: string, outcome: LoadOutcome, latencyMs: number): void {
    const ns = Math.min(HIGHEST_NS, Math.max(1, Math.round(latencyMs * NS_PER_MS)))
    const { interval, whole } = this.#seriesOf(kind, outcome)
    interval.recordValue(ns)
    whole.recordValue(ns)
  }

  error(code: string, message: string): void {
    const known = this.#errors.get(code)
    if (known !== undefined) known.count += 1
    else if (this.#errors.size < MOST_CODES || code === OTHER_CODE)
      this.#errors.set(code, { count: 1, example: message.slice(0, 400) })
    else this.error(OTHER_CODE, message)
  }

  /** Ends the interval: lines of a log, in ns since the epoch as its times are in ms, and what metrics are made of. */
  endInterval(fromMs: number, toMs: number): { readonly text: string; readonly series: SeriesReport[] } {
    let text = ''
    const writer = new HistogramLogWriter((line) => (text += line))
    const series = [...this.#series.values()].map(({ kind, outcome, interval, whole }): SeriesReport => {
      const total = whole.totalCount
      if (interval.totalCount === 0) return { kind, outcome, total, quantiles: {} }
      interval.tag = tagOf(kind, outcome)
      // The column of the largest value is in ms, as everybody has it.
      writer.outputIntervalHistogram(interval, fromMs / 1000, toMs / 1000, NS_PER_MS)
      const seconds = Object.fromEntries(
        quantiles.map((quantile) => [String(quantile), interval.getValueAtPercentile(100 * quantile) / 1e9]),
      )
      interval.reset()
      return { kind, outcome, total, quantiles: seconds }
    })
    return { text, series }
  }

  summary(): SeriesSummary[] {
    return [...this.#series.values()].map(({ kind, outcome, whole }) => ({
      kind,
      outcome,
      histogram: encodeIntoCompressedBase64(whole),
    }))
  }

  errors(): ErrorCount[] {
    return [...this.#errors].map(([code, { count, example }]) => ({ code, count, example }))
  }

  #seriesOf(kind: string, outcome: LoadOutcome): Series {
    const key = `${kind} ${outcome}`
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const series = { kind, outcome, interval: latencyHistogram(), whole: latencyHistogram() }
    this.#series.set(key, series)
    return series
  }
}
