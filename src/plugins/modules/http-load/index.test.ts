import { setTimeout } from 'node:timers/promises'
import { build, HistogramLogReader } from 'hdr-histogram-js'
import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import { serveHttp } from '../../../../test/harness/servers.ts'
import httpLoad from './index.ts'

/** What a server was asked for by a load of two kinds, in order, over how many connections. */
async function asked(clients: number): Promise<{ paths: string[]; connections: number }> {
  const paths: string[] = []
  await using server = await serveHttp((request, response) => {
    if (request.method !== 'HEAD') paths.push(`${request.method} ${request.url}`)
    response.end('ok')
  })
  await using run = await runModule(httpLoad, {
    from: 'server',
    urls: [`http://127.0.0.1:${server.port}`],
    clients,
    operations: 300,
    keys: 10,
    requests: [
      { name: 'one', path: '/one/{key}', weight: 3 },
      { name: 'two', method: 'POST', path: '/two', body: '{key}' },
    ],
  })
  expect(run.error).toBeUndefined()
  expect(run.operations[1]).toMatchObject(['ok', { succeeded: 300, failed: 0 }])
  return { paths, connections: server.connections }
}

test('sends its mix over as many connections as there are clients', async () => {
  const { paths, connections } = await asked(3)
  // More may have been for seeing that somebody answers.
  expect(connections).toBeGreaterThanOrEqual(3)
  expect(new Set(paths.map((path) => path.split('/')[1]))).toEqual(new Set(['one', 'two']))
})

test('asks for the same in every run with the same seed', async () => {
  expect((await asked(1)).paths).toEqual((await asked(1)).paths)
})

test('a status that is not expected is an error by its number', async () => {
  await using server = await serveHttp((_request, response) => response.writeHead(503).end())
  await using run = await runModule(httpLoad, {
    from: 'server',
    urls: [`http://127.0.0.1:${server.port}`],
    operations: 20,
  })
  expect(run.operations[1]).toEqual([
    'fail',
    '0 operations succeeded, and 1 should have\n20 × status 503: GET / gave status 503',
  ])
})

test('by plan, a server that stands still is charged with all that it kept waiting', async () => {
  let stalled = false
  await using server = await serveHttp((request, response) => {
    if (request.method === 'HEAD' || stalled) return void response.end()
    stalled = true
    setTimeout(1000).then(
      () => response.end(),
      () => undefined,
    )
  })
  await using run = await runModule(httpLoad, {
    from: 'server',
    urls: [`http://127.0.0.1:${server.port}`],
    clients: 1,
    rate: 100,
    operations: 150,
  })
  const reader = new HistogramLogReader(await run.artifact('it.hdr'))
  const all = build({ highestTrackableValue: 3600e9 })
  for (let one = reader.nextIntervalHistogram(); one !== null; one = reader.nextIntervalHistogram())
    all.add(one)
  // Of the hundred that were due in that second half waited for more than 500 ms; a closed loop would tell of one.
  expect(all.getValueAtPercentile(75)).toBeGreaterThan(500e6)
})

test('an operation without an answer is given up after its timeout', async () => {
  await using server = await serveHttp((request, response) => {
    if (request.method === 'HEAD') response.end()
  })
  await using run = await runModule(httpLoad, {
    from: 'server',
    urls: [`http://127.0.0.1:${server.port}`],
    clients: 2,
    operations: 4,
    timeout: '100ms',
  })
  expect(run.operations[1]?.[1]).toContain('4 × timeout: no answer within 100 ms')
})

test('the end of the phase ends it, and an abort at once', async () => {
  await using server = await serveHttp((_request, response) => response.end())
  const properties = { from: 'server', urls: [`http://127.0.0.1:${server.port}`] }
  const phase = new AbortController()
  await using run = await runModule(httpLoad, properties, {
    lifetime: 'run_to_end_of_phase',
    endOfPhase: phase.signal,
    onLog: (line) => line.includes('get ok') && phase.abort(new Error('the phase has ended')),
  })
  expect(run.operations[1]?.[0]).toBe('ok')

  const aborted = new AbortController()
  await using other = await runModule(httpLoad, properties, {
    signal: aborted.signal,
    onLog: (line) => line.includes('begin') && aborted.abort(new Error('aborted by the user')),
  })
  expect(other.error).toMatchObject({ message: 'aborted by the user' })
})

test('what no server would be sent is refused with the definition', () => {
  const refused = (request: object): string[] =>
    httpLoad.properties.safeParse({ requests: [request] }).error?.issues.map(({ message }) => message) ?? []
  expect(refused({ name: 'read-error' })).toEqual([
    'ends in -mismatch, -error, -timeout, as what did not go well is called',
  ])
  expect(refused({ path: '/a b' })).toEqual([
    'is no path: it begins with `/`, and blanks and the like are written as %20',
  ])
  expect(refused({ headers: { 'a b': 'x' } })).toEqual(['Header name must be a valid HTTP token ["a b"]'])
  expect(refused({ headers: { 'Transfer-encoding': 'chunked' } })).toEqual([
    'bodies are sent whole, with their length',
  ])
  expect(refused({ headers: { a: 'x\ny' } })).toEqual(['Invalid character in header content ["a"]'])
  const { error } = httpLoad.properties.safeParse({ urls: ['http://a/b', 'nothing', 'http://me:word@a?b=c'] })
  expect(error?.issues.map(({ path, message }) => [...path, message])).toEqual([
    ['urls', 1, 'Invalid URL'],
    ['urls', 2, 'has a name, a query or a fragment, which are not sent; give them with each request'],
  ])
  expect(refused({ name: 'read', path: '/{key}?a=b%20c', headers: { a: 'b' } })).toEqual([])
})
