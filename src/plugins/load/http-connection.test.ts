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

test('what it sends and reads is what others write and read, on one connection until that is closed', async () => {
  const seen: unknown[] = []
  await using server = await serveHttp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, rawHeaders } = request
      seen.push([method, url, rawHeaders.join(' '), Buffer.concat(chunks).toString()])
      response.writeContinue()
      if (url === '/base/last') response.setHeader('connection', 'close')
      // In chunks, unless it is HEAD.
      response.write('ä'.repeat(100_000))
      response.end(method)
    })
  })
  const host = `127.0.0.1:${server.port}`
  const connection = new HttpConnection(`http://${host}/base/`)
  const send = async (method: string, path: string, rest: object = {}): Promise<string> =>
    (await connection.exchange({ method, path, ...rest }, true)).body.replace('ä'.repeat(100_000), 'ä… ')
  expect(await send('GET', '/a?b=c', { headers: { 'X-A': 'b' } })).toBe('ä… GET')
  expect(await send('HEAD', '/')).toBe('')
  expect(await send('PUT', '/last', { body: 'ü' })).toBe('ä… PUT')
  expect(await send('POST', '/', { headers: { host: 'other' } })).toBe('ä… POST')
  expect(server.connections).toBe(2)
  connection.drop(new OperationError('ended', 'the test has ended'))
  expect(seen).toEqual([
    ['GET', '/base/a?b=c', `Host ${host} X-A b`, ''],
    ['HEAD', '/base/', `Host ${host}`, ''],
    ['PUT', '/base/last', `Host ${host} Content-Length 2`, 'ü'],
    ['POST', '/base/', 'host other Content-Length 0', ''],
  ])
})

test('what is no HTTP is an error, and what comes unasked ends the connection', async () => {
  await using other = await serve((socket) => socket.once('data', () => socket.write('220 mail\r\n\r\n')))
  const failure = await failureOf(new HttpConnection(`http://127.0.0.1:${other.port}`))
  expect(failure?.message).toBe('no answer of HTTP/1.1: "220 mail"')
  let connections = 0
  await using twice = await serve((socket) => {
    connections += 1
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'.repeat(2)))
  })
  const connection = new HttpConnection(`http://127.0.0.1:${twice.port}`)
  for (let turn = 0; turn < 3; turn += 1) expect(await failureOf(connection)).toBeUndefined()
  expect(connections).toBe(3)
})
