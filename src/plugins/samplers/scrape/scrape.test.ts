import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { sleep } from '../../../base/abort.ts'
import { createMetricStore, type MetricStore } from '../../../evidence/metrics.ts'
import { conditionHolds, evaluate, parsePromql, type Value } from '../../../evidence/promql/index.ts'
import { dropLabels } from '../../../evidence/promql/labels.ts'
import { evaluateRemotely } from '../../../evidence/promql/remote.ts'
import { isStale, type Labels } from '../../../model/series.ts'
import { localNode } from '../../../node/local.ts'
import { startHttpServer } from '../../../../test/harness/http-server.ts'
import { startNodeExporter, startPrometheus } from '../../../../test/harness/prometheus-server.ts'
import scrape from './index.ts'

const node = localNode({ run: 'test', group: 'server', ordinal: 0, scratch: '/' })

interface Scraping {
  readonly store: MetricStore
  /** One tick, a second after the last one; gives the error of the sampler, if any. */
  tick(): Promise<string | undefined>
  /** `name{labels} value` of all series, without what the sampler says of itself. */
  lines(): string[]
  value(text: string): Value
}

function scraping(properties: Record<string, unknown>, signal: AbortSignal): Scraping {
  const store = createMetricStore({ retentionMs: 600_000 })
  const tick = store.source({ node: node.name })
  const sampler = scrape.open({ node, sink: tick.sink, signal }, scrape.properties.parse(properties))
  let timeMs = 1_700_000_000_000
  return {
    store,
    tick: async () => {
      tick.begin((timeMs += 1000))
      try {
        await sampler.sample(node.files)
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      } finally {
        tick.end()
      }
    },
    lines: () =>
      Array.from(store.select([], 0, 1e15), ({ labels, values, length }) => {
        const value = values[length - 1] ?? 0
        return isStale(value) ? [] : [line(dropLabels(labels, ['node']), value)]
      })
        .flat()
        .toSorted(),
    value: (text) => {
      const parsed = parsePromql(text)
      if ('problems' in parsed) throw new Error('it is valid')
      return evaluate(parsed.expr, store, timeMs)
    },
  }
}

/** As in the text format, without escapes. */
function line({ __name__: name, ...labels }: Labels, value: number): string {
  const pairs = Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, text]) => `${label}=${JSON.stringify(text)}`)
  return `${name}{${pairs.join(',')}} ${value}`
}

/** Prometheus has no use of its own for `node`. */
const renamed = ({ node: own, ...labels }: Labels): Labels =>
  own === undefined ? labels : { ...labels, exported_node: own }

const withoutReport = (lines: readonly string[]): string[] =>
  lines.filter((text) => !/^(up|scrape_|quarry_scrape_)/.test(text))

describe('against the real programs', () => {
  test('sees the same series and values as Prometheus does', async ({ signal }) => {
    const types = ['text/plain; version=0.0.4', 'application/openmetrics-text; version=1.0.0; charset=utf-8']
    for (const [index, files] of [
      ['node-exporter-1.5.0.txt', 'unusual.txt'],
      ['openmetrics.txt'],
    ].entries()) {
      const body = files
        .map((name) => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8'))
        .join('')
      await using endpoint = await startHttpServer((_, response) => {
        response
          .writeHead(200, { 'content-type': types[index], 'content-encoding': 'gzip' })
          .end(gzipSync(body))
      })
      await using server = await startPrometheus(signal, { target: endpoint.address })
      const own = scraping({ url: `${endpoint.url}/metrics` }, signal)
      expect(await own.tick()).toBeUndefined()
      let theirs: string[] = []
      while (theirs.length === 0) {
        const ask = (text: string): Promise<Value> => evaluateRemotely(server.url, text, Date.now(), signal)
        if (conditionHolds(await ask('up == 0')).length > 0) {
          throw new Error(await (await fetch(`${server.url}/api/v1/targets`)).text())
        }
        const samples = conditionHolds(await ask('{job="scrape"} and on () up == 1'))
        theirs = samples.map((sample) => line(renamed(sample.labels), sample.value))
        await sleep(50, signal)
      }
      expect(withoutReport(own.lines())).toEqual(withoutReport(theirs).toSorted())
    }
  })

  test('reads node_exporter, tick after tick', async ({ signal }) => {
    await using exporter = await startNodeExporter(signal, ['loadavg', 'stat', 'vmstat'])
    const own = scraping(
      { url: `${exporter.url}/metrics`, job: 'node', keep: '^node_', drop: 'vmstat' },
      signal,
    )
    for (let tick = 0; tick < 3; tick++) expect(await own.tick()).toBeUndefined()
    expect(own.value('up{job="node"}')).toMatchObject({ samples: [{ value: 1 }] })
    expect(own.value('scrape_samples_scraped > 50')).toMatchObject({ samples: [{}] })
    expect(own.value('quarry_scrape_bad_lines')).toMatchObject({ samples: [{ value: 0 }] })
    expect(own.value('increase(node_cpu_seconds_total{mode="user"}[1m]) >= 0')).toMatchObject({
      type: 'vector',
    })
    expect(own.value('node_load1')).toMatchObject({
      samples: [{ labels: { job: 'node', node: 'server/0' } }],
    })
    expect(own.lines().filter((text) => /^(node_vmstat|go_)/.test(text))).toEqual([])
  })
})

describe('endpoints that are sick', () => {
  test('one that goes away is down, and its series are stale', async ({ signal }) => {
    const endpoint = await startHttpServer((_, response) => void response.end('a 1\nb{x="1"} 2\n'))
    const own = scraping({ url: endpoint.url }, signal)
    expect(await own.tick()).toBeUndefined()
    await endpoint[Symbol.asyncDispose]()
    expect(await own.tick()).toMatch(/ECONNREFUSED/)
    expect(own.value('up')).toMatchObject({ samples: [{ value: 0 }] })
    expect(own.value('{__name__=~"a|b"}')).toEqual({ type: 'vector', samples: [] })
  })

  test('a series that is gone is stale, one that comes back lives', async ({ signal }) => {
    const bodies = ['a 1\nb 1\n', 'a 2\n', 'a 3\nb 3\n']
    await using endpoint = await startHttpServer((_, response) => void response.end(bodies.shift()))
    const own = scraping({ url: endpoint.url }, signal)
    const seen: number[] = []
    for (let tick = 0; tick < 3; tick++) {
      await own.tick()
      const value = own.value('b')
      seen.push(value.type === 'vector' ? value.samples.length : -1)
    }
    expect(seen).toEqual([1, 0, 1])
  })

  test('an answer that breaks off, or has no end, or another status, counts for nothing', async ({
    signal,
  }) => {
    await using endpoint = await startHttpServer((request, response) => {
      if (request.url === '/status') response.writeHead(500).end('a 1\n')
      if (request.url === '/broken')
        response.writeHead(200, { 'content-length': '100' }).write('a 1\n', () => request.destroy())
      if (request.url === '/silent') response.write('a 1\n')
      if (request.url === '/redirect') response.writeHead(302, { location: '/redirect' }).end()
      if (request.url !== '/endless') return
      const chunk = 'a 1\n'.repeat(100_000)
      const write = (): void => {
        while (response.write(chunk));
      }
      response.on('drain', write)
      write()
    })
    const failure = async (path: string): Promise<string | undefined> => {
      const own = scraping(
        { url: endpoint.url + path, timeout: path === '/silent' ? '200ms' : '30s' },
        signal,
      )
      const error = await own.tick()
      expect(withoutReport(own.lines())).toEqual([])
      return error
    }
    expect(await failure('/status')).toMatch(/answers with status 500/)
    expect(await failure('/broken')).toMatch(/other side closed|aborted|terminated/)
    expect(await failure('/silent')).toMatch(/no complete answer within 200 ms/)
    expect(await failure('/redirect')).toMatch(/more than 5 redirects/)
    expect(await failure('/endless')).toMatch(/longer than 67108864 bytes/)
  })

  test('garbage and floods are bounded and counted', async ({ signal }) => {
    const flood = Array.from({ length: 2000 }, (_, index) => `flood{id="${index}"} 1\n`).join('')
    const body = `a 1\n\u0000\u0001 x\n<html>\nb{x="1",x="2"} 1\n${'c'.repeat(100_000)} 1\n${flood}`
    await using endpoint = await startHttpServer((_, response) => void response.end(body))
    const own = scraping({ url: endpoint.url, maxSamples: 100 }, signal)
    expect(await own.tick()).toBeUndefined()
    expect(own.value('quarry_scrape_bad_lines')).toMatchObject({ samples: [{ value: 4 }] })
    expect(own.value('quarry_scrape_dropped_samples')).toMatchObject({ samples: [{ value: 1902 }] })
    expect(own.value('count({__name__=~"a|flood"})')).toMatchObject({ samples: [{ value: 99 }] })
  })

  test('an abort ends a scrape at once and without an error', async () => {
    const abort = new AbortController()
    await using endpoint = await startHttpServer(() => abort.abort(new Error('the run is over')))
    expect(await scraping({ url: endpoint.url }, abort.signal).tick()).toBeUndefined()
  })
})

test('secrets come from the environment and do not follow a redirect to another server', async ({
  signal,
}) => {
  const seen: Record<string, unknown>[] = []
  await using other = await startHttpServer((request, response) => {
    seen.push({ authorization: request.headers.authorization, key: request.headers['x-key'] })
    response.end('a 1\n')
  })
  await using endpoint = await startHttpServer((request, response) => {
    seen.push({ authorization: request.headers.authorization, key: request.headers['x-key'] })
    response.writeHead(302, { location: other.url }).end()
  })
  const properties = {
    url: endpoint.url,
    headersFrom: { 'X-Key': 'QUARRY_TEST_KEY' },
    bearerTokenFrom: 'QUARRY_TEST_TOKEN',
  }
  expect(() => scraping(properties, signal)).toThrow('the environment variable QUARRY_TEST_KEY is not set')
  process.env['QUARRY_TEST_KEY'] = 'k'
  process.env['QUARRY_TEST_TOKEN'] = 't'
  try {
    expect(await scraping(properties, signal).tick()).toBeUndefined()
    expect(
      await scraping({ url: other.url.replace('//', '//user:pass%20word@') }, signal).tick(),
    ).toBeUndefined()
  } finally {
    delete process.env['QUARRY_TEST_KEY']
    delete process.env['QUARRY_TEST_TOKEN']
  }
  expect(seen).toEqual([
    { authorization: 'Bearer t', key: 'k' },
    { authorization: undefined, key: undefined },
    { authorization: `Basic ${btoa('user:pass word')}`, key: undefined },
  ])
})
