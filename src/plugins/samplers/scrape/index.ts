/** Reads the metrics of any program that offers them to Prometheus. */
import { z } from 'zod'
import { openHttp } from '../../../base/http.ts'
import { defineSampler } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import type { SamplerContext, SeriesHandle } from '../../../plugin/sampler.ts'
import { pattern } from '../../pattern.ts'
import { authentication, authenticationHeaders } from '../authentication.ts'
import { createScrapeParser } from './parse.ts'
import { SeriesCache } from './series-cache.ts'

const properties = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('URL of the metrics, such as http://localhost:9100/metrics, as reached from where Quarry runs'),
  job: z
    .string()
    .min(1)
    .default('scrape')
    .describe('value of the label `job`; `instance` is host and port of the URL'),
  keep: pattern.optional().describe('regular expression of the metric names to keep; all when left out'),
  drop: pattern.optional().describe('regular expression of the metric names to leave out'),
  maxSamples: z.int().min(1).default(50_000).describe('samples beyond this number are dropped'),
  timeout: duration.default(10_000).describe('how long a scrape may take, 10s when left out'),
  ...authentication,
})

const accept = 'text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1'
const maxBytes = 64 * 1024 * 1024

export default defineSampler({
  id: 'scrape',
  summary:
    'Metrics of any endpoint in the format of Prometheus or OpenMetrics; time stamps in it do not count',
  needs: [],
  properties,
  // What an endpoint gives is not known beforehand; of each scrape itself: up, scrape_duration_seconds,
  // scrape_samples_scraped, quarry_scrape_bad_lines and quarry_scrape_dropped_samples.
  metrics: [],
  open: ({ sink, signal }, use) => {
    const labels = { job: use.job, instance: new URL(use.url).host }
    const headers = { accept, ...authenticationHeaders(use, process.env) }
    const keep = use.keep === undefined ? undefined : new RegExp(use.keep)
    const drop = use.drop === undefined ? undefined : new RegExp(use.drop)
    const wants = (name: string): boolean => keep?.test(name) !== false && drop?.test(name) !== true
    const cache = new SeriesCache({ sink, labels, wants })
    const own = reportSeries(sink, labels)
    return {
      sample: async () => {
        const started = performance.now()
        try {
          const request = { url: use.url, headers, timeoutMs: use.timeout, maxBytes, signal }
          const scraped = await scrape(request, cache, use.maxSamples)
          // Only what was read whole counts.
          for (const [handle, value] of scraped.values) handle.set(value)
          own.up.set(1)
          own.samples.set(scraped.samples)
          own.badLines.set(scraped.badLines)
          own.dropped.set(scraped.dropped)
        } catch (error) {
          if (signal.aborted) return
          own.up.set(0)
          throw error
        } finally {
          if (!signal.aborted) own.duration.set((performance.now() - started) / 1000)
        }
      },
    }
  },
})

const reportSeries = (sink: SamplerContext['sink'], labels: Readonly<Record<string, string>>) => ({
  up: sink.series('up', labels),
  duration: sink.series('scrape_duration_seconds', labels),
  samples: sink.series('scrape_samples_scraped', labels),
  badLines: sink.series('quarry_scrape_bad_lines', labels),
  dropped: sink.series('quarry_scrape_dropped_samples', labels),
})

interface Scraped {
  readonly values: readonly (readonly [handle: SeriesHandle, value: number])[]
  readonly samples: number
  readonly badLines: number
  readonly dropped: number
}

/** One scrape, whole. Rejects when there is none. */
async function scrape(
  request: Parameters<typeof openHttp>[0],
  cache: SeriesCache,
  maxSamples: number,
): Promise<Scraped> {
  using answer = await openHttp(request)
  if (answer.status !== 200) throw new Error(`${request.url} answers with status ${answer.status}`)
  const values: [SeriesHandle, number][] = []
  let bad = 0
  const parser = createScrapeParser(maxSamples, ({ series, value }) => {
    const handle = cache.handle(series)
    if (handle === 'bad') bad++
    else if (handle !== undefined) values.push([handle, value])
  })
  for await (const chunk of answer.body) parser.push(chunk)
  const { samples, badLines, dropped } = parser.end()
  cache.endScrape()
  return { values, samples: samples - bad, badLines: badLines + bad, dropped }
}
