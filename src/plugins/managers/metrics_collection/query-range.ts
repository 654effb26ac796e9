/** Range queries to the HTTP API of Prometheus. */
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { fetchText } from '../../../base/http.ts'

const answer = z.union([
  z.object({ status: z.literal('success'), data: z.object({ result: z.array(z.unknown()) }) }),
  z.object({ status: z.literal('error'), error: z.string() }),
])

export interface RangeQuery {
  readonly url: string
  readonly token: string | undefined
  /** PromQL. */
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

const TIMEOUT_MS = 120_000
const MAX_BYTES = 512 * 2 ** 20
/** Prometheus refuses more than 11,000 points of a series. */
const MAX_POINTS = 10_000

/** The step, in whole ms, with which a range has no more points than Prometheus gives. */
export const stepOf = (startMs: number, endMs: number, wantedMs: number): number =>
  Math.max(1, Math.ceil(Math.max(wantedMs, (endMs - startMs) / MAX_POINTS)))

/** The answer as it came, and how many series are in it; an EnvironmentError when there is none, or the server refuses. */
export async function queryRange(
  { url, token, query, startMs, endMs, stepMs }: RangeQuery,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly series: number }> {
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3)
  const { text, status } = await fetchText({
    url: `${url.replace(/\/+$/, '')}/api/v1/query_range`,
    form: { query, start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) },
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  })
  const parsed = answer.safeParse(parse(text)).data
  if (parsed?.status === 'success') return { text, series: parsed.data.result.length }
  const why = parsed?.error ?? `it does not answer as Prometheus does: ${text.slice(0, 100)}`
  throw new EnvironmentError(`the Prometheus server refuses it (status ${status}): ${why}`, {
    code: 'QUARRY_PROMETHEUS',
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
