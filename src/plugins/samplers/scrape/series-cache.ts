/** The series of one endpoint, by their text, so that their labels are read only once. */
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'
import { parseSeries } from './line.ts'

export interface SeriesCacheOptions {
  readonly sink: SampleSink
  /** Labels that every series gets. An exporter's own label of such a name becomes `exported_<name>`. */
  readonly labels: Readonly<Record<string, string>>
  /** Whether metrics of this name are wanted. */
  readonly wants: (metric: string) => boolean
}

interface Entry {
  /** `undefined` for one that is not wanted. */
  readonly handle: SeriesHandle | undefined
  scrape: number
}

export class SeriesCache {
  private readonly options: SeriesCacheOptions
  private readonly entries = new Map<string, Entry>()
  private scrape = 0

  constructor(options: SeriesCacheOptions) {
    this.options = options
  }

  /** The handle to write to, `undefined` for a series that is not wanted, `bad` for text that is none. */
  handle(series: string): SeriesHandle | undefined | 'bad' {
    let entry = this.entries.get(series)
    if (entry === undefined) {
      const opened = this.open(series)
      if (opened === 'bad') return opened
      entry = { handle: opened, scrape: this.scrape }
      this.entries.set(series, entry)
    }
    entry.scrape = this.scrape
    return entry.handle
  }

  /** Ends a scrape that was read whole: series that it did not have are forgotten. */
  endScrape(): void {
    for (const [series, { handle, scrape }] of this.entries) {
      if (scrape === this.scrape) continue
      this.entries.delete(series)
      if (handle !== undefined) this.options.sink.forget(handle)
    }
    this.scrape++
  }

  private open(series: string): SeriesHandle | undefined | 'bad' {
    const { sink, labels: common, wants } = this.options
    const parsed = parseSeries(series)
    if (parsed === undefined) return 'bad'
    if (!wants(parsed.name)) return undefined
    // `node` is added to whatever a run stores.
    const taken = new Set(['node', ...Object.keys(common)])
    const own = Object.entries(parsed.labels)
      .filter(([name]) => name !== '__name__')
      .map(([name, value]) => [taken.has(name) ? `exported_${name}` : name, value])
    return sink.series(parsed.name, { ...Object.fromEntries(own), ...common })
  }
}
