/** What a load came to, over all its nodes. */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { ErrorCount, LoadMessage, LoadOutcome } from './messages.ts'
import { latencyHistogram, quantiles } from './recorder.ts'

export type NodeEnd = Extract<LoadMessage, { type: 'ended' }>

interface Merged {
  readonly kind: string
  readonly outcome: LoadOutcome
  readonly histogram: Histogram
}

export interface LoadSummary {
  /** Operations that did as asked, a comparison that came out otherwise among them. */
  readonly succeeded: number
  readonly failed: number
  /** Succeeded ones a second. */
  readonly rate: number
  readonly errors: readonly ErrorCount[]
  readonly series: readonly Merged[]
}

const isFailure = (outcome: LoadOutcome): boolean => outcome === 'error' || outcome === 'timeout'

/** Puts together what the nodes tell at the end. */
export function summarize(ends: readonly NodeEnd[]): LoadSummary {
  const series = new Map<string, Merged>()
  const errors = new Map<string, ErrorCount>()
  for (const end of ends) {
    for (const { kind, outcome, histogram } of end.series) {
      const key = `${kind} ${outcome}`
      const merged = series.get(key) ?? { kind, outcome, histogram: latencyHistogram() }
      merged.histogram.add(decodeFromCompressedBase64(histogram))
      series.set(key, merged)
    }
    for (const { code, count, example } of end.errors) {
      errors.set(code, { code, example, count: count + (errors.get(code)?.count ?? 0) })
    }
  }
  const all = [...series.values()]
  const count = (wanted: (outcome: LoadOutcome) => boolean): number =>
    all.reduce((sum, { outcome, histogram }) => sum + (wanted(outcome) ? histogram.totalCount : 0), 0)
  const succeeded = count((outcome) => !isFailure(outcome))
  const seconds = Math.max(0, ...ends.map((end) => end.seconds))
  return {
    succeeded,
    failed: count(isFailure),
    rate: seconds > 0 ? succeeded / seconds : 0,
    errors: [...errors.values()].toSorted((a, b) => b.count - a.count),
    series: all,
  }
}

const ms = (ns: number): number => Math.round(ns / 1000) / 1000

/** A line for each kind and outcome; latencies in ms. */
export function summaryCsv({ series }: LoadSummary, seconds: number): string {
  const header = ['kind', 'outcome', 'operations', 'rate', 'mean_ms']
  const lines = series.map(({ kind, outcome, histogram }) => [
    kind,
    outcome,
    histogram.totalCount,
    Math.round((10 * histogram.totalCount) / Math.max(seconds, 0.001)) / 10,
    ms(histogram.mean),
    ...quantiles.map((quantile) => ms(histogram.getValueAtPercentile(100 * quantile))),
    ms(histogram.maxValue),
  ])
  const columns = [
    ...header,
    ...quantiles.map((quantile) => `p${String(100 * quantile).replace('.', '')}_ms`),
    'max_ms',
  ]
  return [columns, ...lines].map((cells) => `${cells.join(',')}\n`).join('')
}

/** What the operation history has of it; latencies in ms. */
export const summaryValue = ({ succeeded, failed, rate, errors, series }: LoadSummary): object => ({
  succeeded,
  failed,
  rate: Math.round(rate * 10) / 10,
  latencies: series.map(({ kind, outcome, histogram }) => ({
    kind,
    outcome,
    count: histogram.totalCount,
    p50: ms(histogram.getValueAtPercentile(50)),
    p99: ms(histogram.getValueAtPercentile(99)),
    max: ms(histogram.maxValue),
  })),
  errors,
})
