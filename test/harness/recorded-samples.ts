/** A sink that keeps what the last tick wrote, by series, for tests and measurements of samplers. */
import type { Labels } from '../../src/model/series.ts'
import type { SampleSink, SeriesHandle } from '../../src/plugin/sampler.ts'

interface Recorded {
  readonly name: string
  readonly labels: Labels
  value: number
  tick: number
}

/** `name{label="value",...}` with sorted labels; values are escaped as in Prometheus' text format. */
export function seriesName(metric: string, labels: Labels = {}): string {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? metric : `${metric}{${pairs.join(',')}}`
}

/** Series that were opened and not forgotten, and their values in the current tick. */
export class RecordedSamples implements SampleSink {
  readonly #open = new Map<SeriesHandle, Recorded>()
  #tick = 0

  /** Begins the next tick: values of the previous one no longer count. */
  begin(): void {
    this.#tick++
  }

  series(metric: string, labels: Labels = {}): SeriesHandle {
    const recorded: Recorded = { name: metric, labels, value: Number.NaN, tick: -1 }
    const handle: SeriesHandle = {
      set: (value) => {
        recorded.value = value
        recorded.tick = this.#tick
      },
    }
    this.#open.set(handle, recorded)
    return handle
  }

  forget(handle: SeriesHandle): void {
    if (!this.#open.delete(handle)) throw new Error('a series was forgotten twice')
  }

  /** How many series are open, written or not. */
  get size(): number {
    return this.#open.size
  }

  /** Values written in the current tick. Throws when two open series have the same name and labels. */
  values(): Map<string, number> {
    const values = new Map<string, number>()
    for (const { name, labels, value, tick } of this.#open.values()) {
      if (tick !== this.#tick) continue
      const key = seriesName(name, labels)
      if (values.has(key)) throw new Error(`two series are ${key}`)
      values.set(key, value)
    }
    return values
  }
}
