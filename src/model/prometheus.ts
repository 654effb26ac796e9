/** What the query API of a Prometheus server answers: https://prometheus.io/docs/prometheus/latest/querying/api/ */
import { z } from 'zod'
import type { Labels } from './series.ts'

const sample = z.tuple([z.number(), z.string()])
const answer = z.union([
  z.object({
    status: z.literal('success'),
    data: z.union([
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })),
      }),
      z.object({ resultType: z.literal('scalar'), result: sample }),
      z.object({ resultType: z.enum(['matrix', 'string']), result: z.unknown() }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
])

export type PrometheusAnswer =
  | { readonly type: 'scalar'; readonly value: number }
  | {
      readonly type: 'vector'
      readonly samples: readonly { readonly labels: Labels; readonly value: number }[]
    }
  /** The server refused, or gave something that has no value at an instant; `message` is a sentence. */
  | { readonly type: 'error'; readonly message: string }

/** Reads the body of an answer to `/api/v1/query`. Never throws. */
export function parsePrometheusAnswer(body: string): PrometheusAnswer {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { type: 'error', message: `the answer is no JSON: ${JSON.stringify(body.slice(0, 200))}` }
  }
  const parsed = answer.safeParse(json)
  if (!parsed.success) return { type: 'error', message: 'the answer is not that of a Prometheus query API' }
  if (parsed.data.status === 'error') return { type: 'error', message: parsed.data.error }
  const { data } = parsed.data
  if (data.resultType === 'vector') {
    const samples = data.result.map(({ metric, value }) => ({ labels: metric, value: sampleValue(value[1]) }))
    return { type: 'vector', samples }
  }
  if (data.resultType === 'scalar') return { type: 'scalar', value: sampleValue(data.result[1]) }
  return { type: 'error', message: `the query gives a ${data.resultType}, which has no value at an instant` }
}

/** A value as Prometheus writes it: `NaN`, `+Inf`, `-Inf`, or a decimal number. */
export function sampleValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return Number(text)
}

/** URL of the query API below the URL of a server, which may have a path of its own. */
export const queryUrl = (server: string): string => `${server.replace(/\/+$/, '')}/api/v1/query`
