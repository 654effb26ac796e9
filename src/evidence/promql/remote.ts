/** Conditions over the series of an existing Prometheus server, evaluated by that server. */
import { EnvironmentError } from '../../base/errors.ts'
import { fetchText } from '../../base/http.ts'
import { parsePrometheusAnswer, queryUrl } from '../../model/prometheus.ts'
import type { Value } from './value.ts'

const timeoutMs = 10_000
const maxBytes = 64 * 1024 * 1024

/** The value of an expression at `timeMs` on the server at `url`. Throws when the server cannot be asked, or refuses. */
export async function evaluateRemotely(
  url: string,
  text: string,
  timeMs: number,
  signal: AbortSignal,
): Promise<Value> {
  const form = { query: text, time: (timeMs / 1000).toFixed(3) }
  const answer = await fetchText({ url: queryUrl(url), form, timeoutMs, maxBytes, signal })
  const value = parsePrometheusAnswer(answer.text)
  if (value.type !== 'error') return value
  throw new EnvironmentError(
    `the Prometheus server refuses \`${text}\` (status ${answer.status}): ${value.message}`,
    {
      code: 'QUARRY_PROMETHEUS',
      remedy: `see whether \`source\` is the URL of a Prometheus server, such as http://localhost:9090`,
    },
  )
}
