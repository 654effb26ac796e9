import { afterAll, beforeAll, expect, test } from 'vitest'
import pg from 'pg'
import { postgresServer, type DataServer } from '../../../../test/harness/data-servers.ts'
import { runModule } from '../../../../test/harness/run-module.ts'
import sqlLoad from './index.ts'

let server: DataServer
beforeAll(async () => {
  server = await postgresServer()
  await query('CREATE TABLE item (id int PRIMARY KEY, value text)')
})
afterAll(() => server[Symbol.asyncDispose]())

async function query(text: string): Promise<unknown[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    user: 'postgres',
    database: 'postgres',
  })
  await client.connect()
  const { rows } = await client.query(text)
  await client.end()
  return rows
}

const put = {
  name: 'put',
  sql: 'INSERT INTO item VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
  parameters: ['key', 'value'],
}

test('executes its statements with their parameters', async () => {
  await using run = await runModule(sqlLoad, {
    from: 'server',
    addresses: [server.address],
    clients: 2,
    operations: 400,
    keys: 10,
    statements: [put, { name: 'get', sql: 'SELECT value FROM item WHERE id = $1', parameters: ['key'] }],
  })
  expect(run.error).toBeUndefined()
  expect(run.operations[1]).toMatchObject(['ok', { succeeded: 400, failed: 0 }])
  const rows = await query(String.raw`SELECT count(*)::int AS n FROM item WHERE value ~ '^1-[01]-\d+\.*$'`)
  expect(rows).toEqual([{ n: 10 }])
})

test('errors of the server are told by SQLSTATE, beside what went well', async () => {
  await using run = await runModule(sqlLoad, {
    from: 'server',
    addresses: [server.address],
    clients: 2,
    operations: 100,
    statements: [put, { name: 'wrong', sql: 'SELECT * FROM nothing' }],
  })
  expect(run.operations[1]).toMatchObject([
    'ok',
    { errors: [{ code: '42P01', example: 'relation "nothing" does not exist' }] },
  ])
})

test('goes on while the server is killed and started again', async () => {
  const counted = Promise.withResolvers<void>()
  const loading = runModule(
    sqlLoad,
    { from: 'server', addresses: [server.address], clients: 2, duration: '8s', statements: [put] },
    { onLog: (line) => line.includes('put ok') && counted.resolve() },
  )
  await counted.promise
  await server.kill()
  await server.start()
  await using run = await loading
  expect(run.error).toBeUndefined()
  expect(run.operations[1]).toMatchObject(['ok', { failed: expect.any(Number) }])
})

test('what is read and written of a register goes to the history', async () => {
  const register = {
    sql: 'SELECT value FROM item WHERE id = 1000 + $1',
    parameters: ['key'],
    register: 'read',
  }
  await using run = await runModule(sqlLoad, {
    from: 'server',
    addresses: [server.address],
    clients: 1,
    operations: 200,
    keys: 3,
    history: true,
    statements: [
      { ...put, sql: put.sql.replace('$1', '1000 + $1'), register: 'write' },
      { ...register, name: 'get' },
      { name: 'other', sql: 'SELECT 1' },
    ],
  })
  expect(run.operations[1]).toMatchObject(['ok', { succeeded: 200, failed: 0 }])
  // Of one client each read gives what it wrote last.
  const values = new Map<string, unknown>()
  const ended = run.clientOperations.filter(({ kind }) => kind === 'ok')
  expect(ended.length).toBeLessThan(200)
  for (const { value } of ended) {
    if (value.f === 'write') values.set(value.key, value.value)
    else expect(value.value).toBe(values.get(value.key) ?? null)
  }
  expect([...values.keys()].toSorted((a, b) => a.localeCompare(b))).toEqual(['0', '1', '2'])
})

test('a history of no register is refused with the definition', () => {
  const refused = (given: object): string[] =>
    sqlLoad.properties.safeParse(given).error?.issues.map(({ message }) => message) ?? []
  expect(refused({ history: true, statements: [put] })).toEqual([
    'is of registers, and no statement has a `register`',
  ])
  expect(refused({ statements: [{ ...put, parameters: ['key'], register: 'write' }] })).toEqual([
    'is of a register, and lacks its `key` or its `value` among the parameters',
  ])
})
