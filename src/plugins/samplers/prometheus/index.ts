/** Reads what a query gives on an existing Prometheus server. */
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { fetchText } from '../../../base/http.ts'
import { parsePrometheusAnswer, queryUrl } from '../../../model/prometheus.ts'
import type { Labels } from '../../../model/series.ts'
import { defineSampler } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import type { SeriesHandle } from '../../../plugin/sampler.ts'
import { authentication, authenticationHeaders } from '../authentication.ts'

const properties = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('URL of the server, such as http://localhost:9090, as reached from where Quarry runs'),
  query: z
    .string()
    .min(1)
    .describe('PromQL that the server evaluates at each tick; all of its PromQL may be used'),
  metric: z
    .string()
    .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, { error: 'is no metric name' })
    .describe('name under which the result is stored'),
  maxSeries: z.int().min(1).default(10_000).describe('a result with more series is refused'),
  timeout: duration.default(10_000).describe('how long a query may take, 10s when left out'),
  ...authentication,
})

const maxBytes = 64 * 1024 * 1024

export default defineSampler({
  id: 'prometheus',
  summary: 'Result of a PromQL query on an existing Prometheus server, with the labels that it gives',
  needs: [],
  properties,
  // The name is in the properties.
  metrics: [],
  open: ({ sink, signal }, { url, query, metric, maxSeries, timeout, ...rest }) => {
    const headers = authenticationHeaders(rest, process.env)
    const handles = new Map<string, SeriesHandle>()
    const handleOf = (key: string, labels: Labels): SeriesHandle => {
      let handle = handles.get(key)
      if (handle === undefined) handles.set(key, (handle = sink.series(metric, labels)))
      return handle
    }
    return {
      sample: async () => {
        const request = { url: queryUrl(url), headers, form: { query }, timeoutMs: timeout, maxBytes, signal }
        const samples = await ask(request, maxSeries).catch((error: unknown) => {
          if (signal.aborted) return undefined
          throw error
        })
        if (samples === undefined) return
        const seen = new Set<string>()
        for (const { labels, value } of samples) {
          const stored = storedLabels(labels)
          const key = JSON.stringify(stored)
          seen.add(key)
          handleOf(key, stored).set(value)
        }
        for (const [key, handle] of handles) {
          if (seen.has(key)) continue
          handles.delete(key)
          sink.forget(handle)
        }
      },
    }
  },
})

async function ask(
  request: Parameters<typeof fetchText>[0],
  maxSeries: number,
): Promise<readonly { readonly labels: Labels; readonly value: number }[]> {
  const { status, text } = await fetchText(request)
  const answer = parsePrometheusAnswer(text)
  const refuse = (why: string): EnvironmentError =>
    new EnvironmentError(`${request.url}: ${why} (status ${status})`, {
      code: 'QUARRY_PROMETHEUS',
      remedy: 'see whether `url` is that of a Prometheus server, and try `query` on its graph page',
    })
  if (answer.type === 'error') throw refuse(answer.message)
  if (answer.type === 'scalar') return [{ labels: {}, value: answer.value }]
  if (answer.samples.length > maxSeries)
    throw refuse(`${answer.samples.length} series are more than ${maxSeries}`)
  return answer.samples
}

/** Without the name; a label `node`, which a run adds to whatever it stores, becomes `exported_node`. */
const storedLabels = (labels: Labels): Labels =>
  Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name !== '__name__')
      .map(([name, value]) => [name === 'node' ? 'exported_node' : name, value]),
  )
