import { expect, test } from 'vitest'
import { createMetricStore } from '../../../evidence/metrics.ts'
import { evaluateRemotely } from '../../../evidence/promql/remote.ts'
import { isStale } from '../../../model/series.ts'
import { localNode } from '../../../node/local.ts'
import { startHttpServer } from '../../../../test/harness/http-server.ts'
import { startPrometheus } from '../../../../test/harness/prometheus-server.ts'
import prometheus from './index.ts'

const node = localNode({ run: 'test', group: 'server', ordinal: 0, scratch: '/' })

/** Ticks once with each of the properties; gives what was stored, or the error, after each. */
async function ticks(signal: AbortSignal, ...all: readonly Record<string, unknown>[]): Promise<unknown[]> {
  const results: unknown[] = []
  for (const properties of all) {
    const store = createMetricStore({ retentionMs: 600_000 })
    const tick = store.source({ node: node.name })
    const parsed = prometheus.properties.parse(properties)
    const sampler = prometheus.open({ node, sink: tick.sink, signal }, parsed)
    tick.begin(1_700_000_000_000)
    try {
      await sampler.sample(node.files)
      tick.end()
      results.push(
        Object.fromEntries(
          Array.from(store.select([], 0, 1e15), ({ labels, values }) => [JSON.stringify(labels), values[0]]),
        ),
      )
    } catch (error) {
      results.push(error instanceof Error ? error.message : error)
    }
  }
  return results
}

test('stores what a query gives on a real server, and conditions are evaluated there', async ({ signal }) => {
  await using server = await startPrometheus(signal)
  const now = Date.now()
  const series = ['a', 'b'].map((instance, index) => ({
    labels: { __name__: 'load', instance, node: 'theirs' },
    times: [now - 2000],
    values: [index + 0.5],
    length: 1,
  }))
  await server.write(series)
  const { url } = server
  expect(
    await ticks(
      signal,
      { url, query: 'load * 2', metric: 'double_load' },
      { url: `${url}/`, query: 'scalar(sum(load)) + 0.25', metric: 'all:load' },
      { url, query: 'missing', metric: 'none' },
      { url, query: 'load', metric: 'few', maxSeries: 1 },
      { url, query: 'load[5m]', metric: 'range' },
      { url, query: 'sum(', metric: 'wrong' },
    ),
  ).toEqual([
    {
      '{"__name__":"double_load","exported_node":"theirs","instance":"a","node":"server/0"}': 1,
      '{"__name__":"double_load","exported_node":"theirs","instance":"b","node":"server/0"}': 3,
    },
    { '{"__name__":"all:load","node":"server/0"}': 2.25 },
    {},
    expect.stringContaining('2 series are more than 1'),
    expect.stringContaining('the query gives a matrix, which has no value at an instant (status 200)'),
    expect.stringContaining('parse error'),
  ])
  expect(await evaluateRemotely(url, 'load > 1', now, signal)).toEqual({
    type: 'vector',
    samples: [{ labels: { __name__: 'load', instance: 'b', node: 'theirs' }, value: 1.5 }],
  })
  expect(await evaluateRemotely(url, '1 / 0', now, signal)).toEqual({ type: 'scalar', value: Infinity })
  await expect(evaluateRemotely(url, 'sum(', now, signal)).rejects.toThrow(/refuses `sum\(` \(status 400\)/)
})

test('a series that the query does not give any more goes stale', async ({ signal }) => {
  const answers = ['{"x":"1"}', '{"x":"2"}']
  await using server = await startHttpServer((_, response) => {
    const metric = answers.shift() ?? '{}'
    response.end(
      `{"status":"success","data":{"resultType":"vector","result":[{"metric":${metric},"value":[1,"7"]}]}}`,
    )
  })
  const store = createMetricStore({ retentionMs: 600_000 })
  const tick = store.source({})
  const properties = prometheus.properties.parse({ url: server.url, query: 'a', metric: 'm' })
  const sampler = prometheus.open({ node, sink: tick.sink, signal }, properties)
  for (const second of [1, 2]) {
    tick.begin(second * 1000)
    await sampler.sample(node.files)
    tick.end()
  }
  const last = Array.from(store.select([], 0, 1e15), ({ labels, values, length }) => [
    labels['x'],
    isStale(values[length - 1] ?? 0),
  ])
  expect(last).toEqual([
    ['1', true],
    ['2', false],
  ])
})

test('servers that are none say so', async ({ signal }) => {
  await using server = await startHttpServer((request, response) => {
    if (request.url?.startsWith('/html') === true) response.writeHead(404).end('<html>not here</html>')
    else if (request.url?.startsWith('/other') === true) response.end('{"status":"success","data":[]}')
    else response.destroy()
  })
  const at = (path: string): Record<string, unknown> => ({ url: server.url + path, query: 'a', metric: 'm' })
  expect(await ticks(signal, at('/html'), at('/other'), at('/gone'))).toEqual([
    expect.stringContaining('the answer is no JSON: "<html>not here</html>" (status 404)'),
    expect.stringContaining('the answer is not that of a Prometheus query API (status 200)'),
    expect.stringMatching(/other side closed/),
  ])
})
