/** Metrics of a real Prometheus over the time of a run, as files. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPrometheus } from '../harness/prometheus-server.ts'
import { workplace } from '../harness/quarry.ts'

test('metrics are collected for the time of the run; what the server refuses is told', async () => {
  using place = workplace()
  await using server = await startPrometheus(new AbortController().signal)
  const nowMs = Date.now()
  // Before the run, at its beginning, and while it goes on.
  const timesMs = Array.from({ length: 180 }, (_, index) => nowMs + (index - 120) * 1000)
  await server.write([
    {
      labels: { __name__: 'queue_length', queue: 'a' },
      times: timesMs,
      values: timesMs.map(() => 7),
      length: timesMs.length,
    },
  ])
  const definition = (metrics: string): string =>
    place.write(
      'definition.yaml',
      `ensemble:
  server:
    node.count: 1
    provisioner: local
    configuration_manager:
      name: metrics_collection
      properties: {metrics_to_collect: ${metrics}, url: '${server.url}', step: 1s}
  client: server
workload:
  phases: [{a: {module: sleep, properties: {duration: 3s}}}]
`,
    )
  const { result } = await place.run(definition('[queue_length, max(queue_length), absent_metric]'))
  expect(result.verdict).toBe('pass')
  const file = (name: string): string => join(result.directory, 'nodes/server/metrics', `${name}.json`)
  const answer = JSON.parse(readFileSync(file('queue_length'), 'utf8'))
  expect(answer.data.resultType).toBe('matrix')
  const [series] = answer.data.result
  expect(series.metric).toEqual({ __name__: 'queue_length', queue: 'a' })
  const times: number[] = series.values.map(([seconds]: [number]) => seconds)
  expect(times[0]).toBeGreaterThanOrEqual(nowMs / 1000)
  expect(times.length).toBeGreaterThanOrEqual(3)
  expect(existsSync(file('max_queue_length_'))).toBe(true)
  expect(JSON.parse(readFileSync(file('absent_metric'), 'utf8')).data.result).toEqual([])

  const refused = await place.run(definition('[queue_length, "sum("]'))
  expect(refused.result.verdict).not.toBe('pass')
  const [error] = place.records().at(-1)?.errors ?? []
  expect(error?.message).toMatch(/sum\(: the Prometheus server refuses it \(status 400\): .*parse error/)
  expect(existsSync(join(refused.result.directory, 'nodes/server/metrics/queue_length.json'))).toBe(true)
})
