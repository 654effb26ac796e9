import { expect, test } from 'vitest'
import { freePort } from '../../../test/harness/data-servers.ts'
import { serve, serveDark, serveHttp } from '../../../test/harness/servers.ts'
import { OperationError } from './client.ts'
import { HttpConnection } from './http-connection.ts'

const put = { method: 'PUT', path: '/key', body: 'value' }

/** What a request ended with. */
const failureOf = (connection: HttpConnection): Promise<OperationError | undefined> =>
  connection.exchange(put, false).then(
    () => undefined,
    (error: OperationError) => error,
  )

test('a request over a connection that was lost is in doubt', async () => {
  await using server = await serve((socket) => socket.once('data', () => socket.destroy()))
  expect(await failureOf(new HttpConnection(`http://127.0.0.1:${server.port}`))).toMatchObject({
    code: 'ECONNRESET',
    isIndeterminate: true,
    isUnreachable: false,
  })
})

test('what was never sent was not done: a refused connection, and one that is given up while it is made', async () => {
  expect(await failureOf(new HttpConnection(`http://127.0.0.1:${await freePort()}`))).toMatchObject({
    code: 'ECONNREFUSED',
    isIndeterminate: false,
    isUnreachable: true,
  })
  await using dark = await serveDark('0', 1)
  // Two that nobody accepts fill the queue; to the others the kernel does not answer.
  const connections = Array.from({ length: 4 }, () => new HttpConnection(`http://127.0.0.1:${dark.where}`))
  const failures = connections.map(failureOf)
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const connection of connections) connection.drop(new OperationError('timeout', 'no answer'))
  const given = await Promise.all(failures)
  expect(given.map((error) => error?.code)).toEqual(Array(4).fill('timeout'))
  expect(given.filter((error) => error?.isIndeterminate === false)).toHaveLength(2)
})

test('one that is given up in the middle connects again for the next request', async () => {
  let requests = 0
  await using server = await serveHttp((_request, response) => {
    requests += 1
    if (requests > 1) response.end('there')
    else response.write('th')
  })
  const connection = new HttpConnection(`http://127.0.0.1:${server.port}`)
  const first = failureOf(connection)
  while (requests === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  connection.drop(new OperationError('timeout', 'no answer'))
  expect(await first).toMatchObject({ code: 'timeout', isIndeterminate: true })
  expect(await connection.exchange({ method: 'GET', path: '/' }, true)).toEqual({
    status: 200,
    body: 'there',
  })
  expect(await connection.exchange({ method: 'GET', path: '/' }, false)).toEqual({ status: 200, body: '' })
  expect(server.connections).toBe(2)
  connection.drop(new OperationError('ended', 'the test has ended'))
})
