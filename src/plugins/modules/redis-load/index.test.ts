import { build, HistogramLogReader, listTags } from 'hdr-histogram-js'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, redisServer, type DataServer } from '../../../../test/harness/data-servers.ts'
import { runModule } from '../../../../test/harness/run-module.ts'
import { serve } from '../../../../test/harness/servers.ts'
import redisLoad from './index.ts'

let server: DataServer
beforeAll(async () => {
  server = await redisServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const base = { from: 'server', clients: 4 }
const summaryOf = (value: unknown): { succeeded: number; failed: number } =>
  value as { succeeded: number; failed: number }

test('does so many operations, and records each in a log that other programs read', async () => {
  await using run = await runModule(
    redisLoad,
    {
      ...base,
      addresses: [server.address],
      operations: 2000,
      interval: '50ms',
      mix: { read: 2, write: 1, cas: 1 },
    },
    { nodes: 2 },
  )
  expect(run.error).toBeUndefined()
  expect(run.operations.map(([kind]) => kind)).toEqual(['invoke', 'ok'])
  expect(summaryOf(run.operations[1]?.[1])).toMatchObject({ succeeded: 2000, failed: 0 })
  const text = await run.artifact('it.hdr')
  expect(text.split('\n', 3).map((line) => line.replaceAll(/\d{10}\.\d{3}|20\d\d.*Z/g, 'N'))).toEqual([
    '#[Histogram log format version 1.3]',
    '#[StartTime: N (seconds since epoch), N]',
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ])
  const reader = new HistogramLogReader(text)
  const all = build({ highestTrackableValue: 3600e9 })
  for (let one = reader.nextIntervalHistogram(); one !== null; one = reader.nextIntervalHistogram())
    all.add(one)
  expect(all.totalCount).toBe(1000)
  expect(listTags(text)).toEqual(expect.arrayContaining(['read', 'write']))
  const csv = await run.artifact('it.csv')
  expect(csv).toMatch(/^kind,outcome,operations,rate,mean_ms,p50_ms,p90_ms,p99_ms,p999_ms,max_ms\n/)
  const counts = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[2]))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000)
})

test('tells the history: what each client asked for and got, in an order that can be judged', async () => {
  await using run = await runModule(
    redisLoad,
    {
      ...base,
      addresses: [server.address],
      operations: 500,
      keys: 3,
      key_prefix: 'history-',
      mix: { read: 1, write: 1, cas: 1 },
      history: true,
    },
    { nodes: 2 },
  )
  const events = run.clientOperations.toSorted((a, b) => (a.ts < b.ts ? -1 : 1))
  expect(events).toHaveLength(1000)
  // One client does one thing at a time, and gets an answer to what it asked.
  const asked = new Map<number, unknown>()
  const written = new Set<unknown>([null])
  for (const { kind, value } of events) {
    if (kind === 'invoke') {
      expect(asked.has(value.client)).toBe(false)
      asked.set(value.client, value)
      if (value.f === 'write') written.add(value.value)
      if (value.f === 'cas') written.add(value.value?.[1])
    } else {
      expect(asked.get(value.client)).toMatchObject({ f: value.f, key: value.key })
      asked.delete(value.client)
      // What was read was asked to be written before the read had ended.
      if (kind === 'ok' && value.f === 'read') expect(written).toContain(value.value)
    }
  }
  expect(asked.size).toBe(0)
  expect(new Set(events.map(({ value }) => value.client))).toEqual(new Set([0, 1, 2, 3]))
})

test('ends when the history is full', async () => {
  await using run = await runModule(redisLoad, {
    ...base,
    addresses: [server.address],
    duration: '1m',
    history: true,
    history_operations: 40,
  })
  expect(run.clientOperations).toHaveLength(80)
})

test('goes on while its server is killed and started again; what was under way is in doubt', async () => {
  const counted = Promise.withResolvers<void>()
  const loading = runModule(
    redisLoad,
    {
      ...base,
      addresses: [server.address],
      duration: '6s',
      history: true,
      history_operations: 1_000_000,
    },
    { onLog: (line) => line.includes('read ok') && counted.resolve() },
  )
  await counted.promise
  await server.kill()
  await setTimeout(500)
  await server.start()
  await using run = await loading
  expect(run.error).toBeUndefined()
  expect(run.operations[1]).toMatchObject([
    'ok',
    {
      errors: expect.arrayContaining([
        { code: 'ECONNREFUSED', count: expect.any(Number), example: expect.any(String) },
      ]),
    },
  ])
  const kinds = new Set(run.clientOperations.map(({ kind }) => kind))
  expect(kinds).toContain('fail')
  // A client whose operation is in doubt goes on as another one.
  const inDoubt = run.clientOperations.filter(({ kind }) => kind === 'info').map(({ value }) => value.client)
  for (const client of inDoubt) {
    expect(run.clientOperations.findLast(({ value }) => value.client === client)?.kind).toBe('info')
  }
})

test('more errors than may be are a failure, with examples', async () => {
  await using run = await runModule(redisLoad, {
    ...base,
    addresses: [server.address, `127.0.0.1:${await freePort()}`],
    clients: 2,
    rate: 200,
    operations: 100,
    max_error_rate: 0.1,
  })
  expect(run.operations[1]).toEqual([
    'fail',
    expect.stringMatching(/of 100 operations failed.*\n\d+ × ECONNREFUSED/),
  ])
})

test('a server that never answers is a failed operation, not a crash', async () => {
  await using run = await runModule(redisLoad, {
    ...base,
    addresses: [`127.0.0.1:${await freePort()}`],
    connect_timeout: '200ms',
  })
  expect(run.error).toBeUndefined()
  expect(run.operations[1]).toEqual(['fail', expect.stringMatching(/^no server answered: .*ECONNREFUSED/)])
})

test('an answer that comes when the load has begun is not taken for that to an operation', async () => {
  let held = true
  const late = await serve((socket) => {
    const behind = connect(server.port, '127.0.0.1')
    // The first connection gets no answer before it has asked twice.
    let asked = 0
    const answers: Buffer[] = []
    const holds = held
    held = false
    const pass = (): void => {
      if (!holds || asked > 1) for (const answer of answers.splice(0)) socket.write(answer)
    }
    socket.on('data', (chunk) => {
      asked += 1
      behind.write(chunk)
      pass()
    })
    behind.on('data', (chunk) => {
      answers.push(chunk)
      pass()
    })
    socket.on('close', () => behind.destroy())
    behind.on('error', () => socket.destroy())
  })
  await using _late = late
  await using run = await runModule(redisLoad, {
    from: 'server',
    addresses: [server.address, `127.0.0.1:${late.port}`],
    clients: 2,
    operations: 200,
    keys: 2,
    key_prefix: 'late-',
    history: true,
  })
  expect(run.operations[1]).toMatchObject(['ok', { succeeded: 200, failed: 0 }])
  const read = run.clientOperations.filter(({ kind, value }) => kind === 'ok' && value.f === 'read')
  expect(read.filter(({ value }) => !/^1-[01]-\d+$/.test(String(value.value ?? '1-0-0')))).toEqual([])
})

test('publishes how many operations there were and how long they took', async () => {
  await using run = await runModule(redisLoad, { ...base, addresses: [server.address], operations: 100 })
  expect(run.metrics).toEqual(
    expect.arrayContaining([
      { metric: 'load_operations_total', labels: { kind: 'read', outcome: 'ok' }, value: expect.any(Number) },
      {
        metric: 'load_latency_seconds',
        labels: { kind: 'read', outcome: 'ok', quantile: '0.99' },
        value: expect.any(Number),
      },
    ]),
  )
})
