/**
 * The metrics of a run, in memory: samplers write to it once a tick, symptoms are evaluated over it, and what is new is
 * drained to the evidence tables.
 */
import type { LabelMatcher, Labels, SeriesData, SeriesSource } from '../model/series.ts'
import type { RowSink } from '../plugin/evidence.ts'
import type { SampleSink, SeriesHandle } from '../plugin/sampler.ts'
import { isStale } from '../model/series.ts'
import { MetricSeries, sortedLabels } from './metric-series.ts'
import { labelsPredicate } from './promql/matchers.ts'

/** One writer of metrics, such as a sampler on a node. A tick is `begin`, writes to the sink, `end`. */
export interface MetricTick {
  readonly sink: SampleSink
  /** Starts a tick: whatever is written until `end` has this time. */
  begin(timeMs: number): void
  /** Ends it: a series written in the tick before and not in this one is marked stale. */
  end(): void
}

export interface MetricStore extends SeriesSource {
  /** A writer whose series all have these labels. */
  source(labels: Labels): MetricTick
  /** Hands over the samples not handed over before, without stale markers, as rows of `samples`; gives their number. */
  drain(sinkFor: (node: string) => RowSink): number
  /** Series held. */
  readonly size: number
  /** What was refused: series beyond the limit, samples before the last of their series. */
  readonly refused: { readonly series: number; readonly samples: number }
}

export interface MetricStoreOptions {
  /** How long samples are kept at least. Must cover the look-back of all symptoms and the time between drains. */
  readonly retentionMs: number
  /** Series beyond this number are refused, because a target can make up labels without end. 200,000. */
  readonly maxSeries?: number
}

/** A handle given out for a series that was refused. */
const refusedHandle: SeriesHandle = { set: () => undefined }

export function createMetricStore(options: MetricStoreOptions): MetricStore {
  return new Store(options.retentionMs, options.maxSeries ?? 200_000)
}

class Store implements MetricStore {
  readonly refused = { series: 0, samples: 0 }
  readonly retentionMs: number
  private readonly maxSeries: number
  private readonly byKey = new Map<string, MetricSeries>()
  private readonly byMetric = new Map<string, Set<MetricSeries>>()
  private nextSweepMs = Number.NEGATIVE_INFINITY

  constructor(retentionMs: number, maxSeries: number) {
    this.retentionMs = retentionMs
    this.maxSeries = maxSeries
  }

  get size(): number {
    return this.byKey.size
  }

  source(labels: Labels): MetricTick {
    return new Source(this, labels)
  }

  /** The series with these labels, a new one if need be; `undefined` beyond the limit. */
  obtain(metric: string, labels: Labels): MetricSeries | undefined {
    const sorted = sortedLabels(Object.entries(labels))
    const key = `${metric} ${JSON.stringify(sorted)}`
    const known = this.byKey.get(key)
    if (known !== undefined) return known
    if (this.byKey.size >= this.maxSeries) {
      this.refused.series++
      return undefined
    }
    const series = new MetricSeries(metric, sorted, this.retentionMs)
    this.byKey.set(key, series)
    const sameMetric = this.byMetric.get(metric)
    if (sameMetric === undefined) this.byMetric.set(metric, new Set([series]))
    else sameMetric.add(series)
    return series
  }

  *select(matchers: readonly LabelMatcher[], fromMs: number, toMs: number): Iterable<SeriesData> {
    const name = matchers.find(
      (matcher) => matcher.name === '__name__' && matcher.op === '=' && matcher.value !== '',
    )
    const rest = matchers.filter((matcher) => matcher !== name)
    const accepts = labelsPredicate(rest)
    const candidates = name === undefined ? this.byKey.values() : (this.byMetric.get(name.value) ?? [])
    for (const series of candidates) {
      if (series.length === 0 || series.lastMs < fromMs || (series.times[0] ?? 0) > toMs) continue
      if (rest.length === 0 || accepts(series.labels)) yield series
    }
  }

  drain(sinkFor: (node: string) => RowSink): number {
    const sinks = new Map<string, RowSink>()
    let rows = 0
    let lastMs = Number.NaN
    let ts = 0n
    for (const series of this.byKey.values()) {
      const { times, values, length } = series
      if (series.drained >= length) continue
      let sink = sinks.get(series.node)
      if (sink === undefined) sinks.set(series.node, (sink = sinkFor(series.node)))
      for (let index = series.drained; index < length; index++) {
        const value = values[index] ?? 0
        if (isStale(value)) continue
        const timeMs = times[index] ?? 0
        // Samples of one tick share their time, and making a bigint is dear.
        if (timeMs !== lastMs) {
          lastMs = timeMs
          ts = BigInt(Math.round(timeMs * 1000)) * 1000n
        }
        sink.add('samples', { ts, metric: series.metric, labels: series.storedLabels, value })
        rows++
      }
      series.drained = length
    }
    return rows
  }

  /** Drops series whose last sample is older than the retention, now and then. */
  sweep(nowMs: number): void {
    if (nowMs < this.nextSweepMs) return
    this.nextSweepMs = nowMs + this.retentionMs / 4
    for (const [key, series] of this.byKey) {
      if (series.length === 0 || series.lastMs >= nowMs - this.retentionMs) continue
      this.byKey.delete(key)
      const sameMetric = this.byMetric.get(series.metric)
      sameMetric?.delete(series)
      if (sameMetric?.size === 0) this.byMetric.delete(series.metric)
    }
  }
}

/** A series as one source writes it. */
class Handle implements SeriesHandle {
  series: MetricSeries | undefined
  readonly metric: string
  readonly labels: Labels
  /** Number of the tick in which it was last written. */
  tick = -1
  forgotten = false
  private readonly source: Source

  constructor(source: Source, metric: string, labels: Labels, series: MetricSeries) {
    this.source = source
    this.metric = metric
    this.labels = labels
    this.series = series
  }

  set(value: number): void {
    this.source.write(this, value)
  }
}

class Source implements MetricTick {
  private readonly store: Store
  private readonly labels: Labels
  private readonly handles = new Set<Handle>()
  private readonly bySeries = new Map<MetricSeries, Handle>()
  private timeMs = 0
  private tick = 0

  constructor(store: Store, labels: Labels) {
    this.store = store
    this.labels = labels
  }

  readonly sink: SampleSink = {
    series: (metric, labels = {}) => this.handle(metric, { ...labels, ...this.labels }),
    forget: (handle) => {
      if (handle instanceof Handle) handle.forgotten = true
    },
  }

  begin(timeMs: number): void {
    this.timeMs = timeMs
    this.tick++
  }

  end(): void {
    for (const handle of this.handles) {
      if (handle.tick === this.tick - 1) handle.series?.end(this.timeMs)
      if (handle.forgotten && handle.tick !== this.tick) {
        this.handles.delete(handle)
        if (handle.series !== undefined) this.bySeries.delete(handle.series)
      }
    }
    this.store.sweep(this.timeMs)
  }

  write(handle: Handle, value: number): void {
    let { series } = handle
    if (series === undefined || (handle.tick < this.tick - 1 && handle.tick !== -1)) {
      // After a gap the store may have dropped the series.
      series = this.store.obtain(handle.metric, handle.labels)
      handle.series = series
      if (series === undefined) return
    }
    handle.tick = this.tick
    if (!series.append(this.timeMs, value)) this.store.refused.samples++
  }

  private handle(metric: string, labels: Labels): SeriesHandle {
    const series = this.store.obtain(metric, labels)
    if (series === undefined) return refusedHandle
    const known = this.bySeries.get(series)
    if (known !== undefined) {
      known.forgotten = false
      return known
    }
    const handle = new Handle(this, metric, labels, series)
    this.handles.add(handle)
    this.bySeries.set(series, handle)
    return handle
  }
}
