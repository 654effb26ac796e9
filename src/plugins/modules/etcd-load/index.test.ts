import { afterAll, beforeAll, expect, test } from 'vitest'
import { etcdServer, type DataServer } from '../../../../test/harness/data-servers.ts'
import { runModule } from '../../../../test/harness/run-module.ts'
import { EtcdClient } from '../../load/etcd-client.ts'
import etcdLoad from './index.ts'

let server: DataServer
beforeAll(async () => {
  server = await etcdServer()
})
afterAll(() => server[Symbol.asyncDispose]())

test('reads, writes and compares as etcd does', async () => {
  const client = new EtcdClient(`http://${server.address}`, { serializable: false })
  await client.connect()
  expect(await client.read('a')).toEqual({ outcome: 'ok', value: null })
  expect(await client.cas('a', null, 'один')).toEqual({ outcome: 'ok' })
  expect(await client.cas('a', null, 'two')).toEqual({ outcome: 'mismatch' })
  expect(await client.cas('a', 'two', 'three')).toEqual({ outcome: 'mismatch' })
  expect(await client.cas('a', 'один', 'three')).toEqual({ outcome: 'ok' })
  expect(await client.read('a')).toEqual({ outcome: 'ok', value: 'three' })
  expect(await client.write('a', 'four')).toEqual({ outcome: 'ok' })
  expect(await client.read('a')).toEqual({ outcome: 'ok', value: 'four' })
})

test('does its mix, also by plan, through a kill of the server', async () => {
  const counted = Promise.withResolvers<void>()
  const loading = runModule(
    etcdLoad,
    {
      from: 'server',
      urls: [`http://${server.address}`],
      clients: 4,
      rate: 100,
      duration: '6s',
      mix: { read: 2, write: 1, cas: 1 },
      keys: 5,
      history: true,
    },
    { onLog: (line) => line.includes('read ok') && counted.resolve() },
  )
  await counted.promise
  await server.kill()
  await server.start()
  await using run = await loading
  expect(run.error).toBeUndefined()
  expect(run.operations[1]?.[0]).toBe('ok')
  const ended = run.clientOperations.filter(({ kind }) => kind !== 'invoke')
  expect(ended).toHaveLength(run.clientOperations.length / 2)
  const kinds = ended.map(({ kind, value }) => `${kind} ${value.f}`)
  expect(kinds).toEqual(expect.arrayContaining(['ok read', 'ok write', 'ok cas']))
})
