/**
 * Symptoms over 2,000 series of ten minutes at 1 Hz: how long our evaluation takes, against the latency of the same
 * query on a Prometheus with the same samples; and what a tick of 2,000 samples costs. Medians of one run, in turn.
 */
import { createMetricStore } from '../src/evidence/metrics.ts'
import { evaluate, parsePromql } from '../src/evidence/promql/index.ts'
import { startPrometheus } from '../test/harness/prometheus-server.ts'
import { seededRandom } from '../src/base/random.ts'

const SERIES = 2000
const SECONDS = 600
const ROUNDS = 21
const symptoms = [
  'latency_seconds > 10 * avg_over_time(latency_seconds[1m] offset 5m)',
  'sum by (mode) (rate(work_total[1m])) > 1e9',
  'latency_seconds{host="7"} > 1000',
  'quantile_over_time(0.99, latency_seconds[5m]) > 1e9',
]

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN
const print = (name: string, rest: string): void => void process.stdout.write(`${name.padEnd(72)} ${rest}\n`)

const store = createMetricStore({ retentionMs: 3_600_000 })
const tick = store.source({ node: 'server/0' })
const random = seededRandom(1)
const handles = Array.from({ length: SERIES }, (_, index) =>
  tick.sink.series(index % 2 === 0 ? 'latency_seconds' : 'work_total', {
    host: String(index >> 3),
    mode: `m${index % 8}`,
  }),
)
const startMs = Date.now() - SECONDS * 1000
const writes: number[] = []
const drains: number[] = []
for (let second = 0; second < SECONDS; second++) {
  const values = handles.map((_, index) => (index % 2 === 0 ? 1 + random.next() : second * index))
  const started = performance.now()
  tick.begin(startMs + second * 1000)
  for (const [index, handle] of handles.entries()) handle.set(values[index] ?? 0)
  tick.end()
  const written = performance.now()
  store.drain(() => ({ add: () => undefined }))
  writes.push(written - started)
  drains.push(performance.now() - written)
}
print(
  `a tick of ${SERIES} samples`,
  `${median(writes).toFixed(3)} ms, its drain ${median(drains).toFixed(3)} ms`,
)

const stop = new AbortController()
await using server = await startPrometheus(stop.signal)
const all = [...store.select([], 0, Number.POSITIVE_INFINITY)]
for (let from = 0; from < all.length; from += 200) await server.write(all.slice(from, from + 200))

const timeMs = startMs + (SECONDS - 1) * 1000
for (const text of symptoms) {
  const parsed = parsePromql(text)
  if ('problems' in parsed) throw new Error(`${text}: ${parsed.problems[0]?.message}`)
  const url = `${server.url}/api/v1/query?query=${encodeURIComponent(text)}&time=${timeMs / 1000}`
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    evaluate(parsed.expr, store, timeMs)
    ours.push(performance.now() - started)
    const asked = performance.now()
    const response = await fetch(url)
    await response.text()
    if (!response.ok) throw new Error(`${text}: status ${response.status}`)
    theirs.push(performance.now() - asked)
  }
  const [mine, other] = [median(ours), median(theirs)]
  print(text, `${mine.toFixed(2)} ms, Prometheus ${other.toFixed(2)} ms: ${(mine / other).toFixed(2)} x`)
}
