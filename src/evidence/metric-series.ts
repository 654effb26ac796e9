/** The samples of one series in memory: growing typed arrays whose expired front is dropped when they are full. */
import type { Labels, SeriesData } from '../model/series.ts'

/** The NaN with Prometheus' stale bits, kept in memory where nothing can make it an ordinary NaN. */
export const staleMarker = new Float64Array(Uint32Array.of(2, 0x7ff00000).buffer)

const initialCapacity = 64

export class MetricSeries implements SeriesData {
  readonly labels: Labels
  readonly metric: string
  /** Labels as stored: canonical JSON without `__name__` and `node`. */
  readonly storedLabels: string
  readonly node: string
  times = new Float64Array(initialCapacity)
  values = new Float64Array(initialCapacity)
  length = 0
  /** Samples from the front that were handed over for storing. */
  drained = 0
  private readonly retentionMs: number

  constructor(metric: string, labels: Labels, retentionMs: number) {
    const { node = '', ...others } = labels
    this.metric = metric
    this.labels = sortedLabels([['__name__', metric], ...Object.entries(labels)])
    this.storedLabels = JSON.stringify(sortedLabels(Object.entries(others)))
    this.node = node
    this.retentionMs = retentionMs
  }

  get lastMs(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : (this.times[this.length - 1] ?? 0)
  }

  /** Adds a sample, or replaces the one of the same time. A time before the last one is refused. */
  append(timeMs: number, value: number): boolean {
    if (timeMs <= this.lastMs) {
      if (timeMs < this.lastMs) return false
      this.values[this.length - 1] = value
      return true
    }
    if (this.length === this.times.length) this.makeRoom(timeMs)
    this.times[this.length] = timeMs
    this.values[this.length] = value
    this.length++
    return true
  }

  /** Marks the end of the series, as Prometheus does when a scrape no longer has it. */
  end(timeMs: number): void {
    if (!this.append(timeMs, 0)) return
    this.values.set(staleMarker, this.length - 1)
  }

  private makeRoom(nowMs: number): void {
    const oldest = nowMs - this.retentionMs
    let expired = 0
    while (expired < this.length && (this.times[expired] ?? 0) < oldest) expired++
    // Dropping less than a quarter would mean moving everything again soon.
    if (expired >= this.length / 4) {
      this.times.copyWithin(0, expired, this.length)
      this.values.copyWithin(0, expired, this.length)
      this.length -= expired
      this.drained = Math.max(0, this.drained - expired)
      return
    }
    this.times = grown(this.times)
    this.values = grown(this.values)
  }
}

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2)
  larger.set(array)
  return larger
}

/** Labels in the order of their names. A name such as `__proto__` is data like any other; empty values are left out. */
export function sortedLabels(entries: readonly (readonly [string, string])[]): Labels {
  const kept = entries.filter(([, value]) => value !== '')
  return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
