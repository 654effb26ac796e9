import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { attemptOnce, openProbe } from '../../../../test/harness/attempt.ts'
import { serve, serveHttp } from '../../../../test/harness/servers.ts'
import http from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'http-'))
afterAll(() => rmSync(directory, { recursive: true }))

const urlOf = ({ port }: { readonly port: number }, path = '/'): string => `http://127.0.0.1:${port}${path}`

test('status and body decide', async () => {
  await using server = await serveHttp((request, response) => {
    response.statusCode = Number(request.url?.slice(1))
    response.end('all is well, sägt der Server')
  })
  const attempt = (status: number, more = {}): ReturnType<typeof attemptOnce> =>
    attemptOnce(http, { url: urlOf(server, `/${status}`), ...more })
  expect(await attempt(200)).toEqual({ success: true, stage: 'done' })
  expect(await attempt(302)).toEqual({ success: true, stage: 'done' })
  expect(await attempt(503)).toEqual({
    success: false,
    stage: 'done',
    error: 'connected after T, status 503, expected 2xx or 3xx',
  })
  expect(await attempt(404, { status: [200, 404] })).toMatchObject({ success: true })
  expect(await attempt(200, { expect: 'sägt' })).toMatchObject({ success: true })
  expect(await attempt(200, { expect: '^fine' })).toEqual({
    success: false,
    stage: 'done',
    error: 'connected after T, the body does not match /^fine/: "all is well, s\\xc3\\xa4gt der Server"',
  })
})

test('what is sent', async () => {
  const seen: unknown[] = []
  await using server = await serveHttp((request, response) => {
    request.setEncoding('utf8').on('data', (body) => {
      const { method, headers } = request
      seen.push({ method, body, type: headers['content-type'], connection: headers.connection })
      response.end()
    })
  })
  const properties = { url: urlOf(server), method: 'PUT', headers: { 'content-type': 'text/x' }, body: 'é' }
  expect(await attemptOnce(http, properties)).toMatchObject({ success: true })
  expect(seen).toEqual([{ method: 'PUT', body: 'é', type: 'text/x', connection: 'close' }])
})

test('each attempt has a connection of its own', async () => {
  await using server = await serveHttp((_, response) => response.end())
  await using open = await openProbe(http, { url: urlOf(server) })
  for (let round = 0; round < 3; round++) await open.attempt()
  expect(server.connections).toBe(3)
})

test('through a Unix socket', async () => {
  const socket = join(directory, 'socket')
  await using _ = await serveHttp((request, response) => response.end(request.url), socket)
  expect(await attemptOnce(http, { url: 'http://any/where', socket, expect: '^/where$' })).toMatchObject({
    success: true,
  })
  expect(await attemptOnce(http, { url: 'http://any/', socket: join(directory, 'absent') })).toEqual({
    success: false,
    stage: 'connect',
    error: 'there is no such socket (ENOENT)',
  })
})

test('redirects are followed on request, and not for ever', async () => {
  await using server = await serveHttp((request, response) => {
    const location = { '/a': '/b', '/loop': '/loop', '/bad': 'ftp://x/', '/none': 'http://[/' }[
      request.url ?? ''
    ]
    if (location === undefined) response.end('arrived')
    else response.writeHead(302, { location }).end()
  })
  const attempt = (path: string): ReturnType<typeof attemptOnce> =>
    attemptOnce(http, { url: urlOf(server, path), follow: true, expect: 'arrived' })
  expect(await attempt('/a')).toEqual({ success: true, stage: 'done' })
  expect((await attempt('/loop')).error).toContain('more than 10 redirects')
  expect((await attempt('/bad')).error).toContain('redirected to "ftp://x/"')
  expect((await attempt('/none')).error).toContain('redirected to "http://[/"')
})

test('a certificate that nobody vouches for', async () => {
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')]
  const arguments_ = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync('openssl', [...arguments_, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], {
    stdio: 'pipe',
  })
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
    response.end(),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `https://localhost:${typeof address === 'object' ? address?.port : ''}/`
  expect(await attemptOnce(http, { url })).toMatchObject({ success: false, stage: 'connect' })
  expect(await attemptOnce(http, { url, verify: false })).toMatchObject({ success: true })
  server.close()
})

test('sick servers', async () => {
  const attempt = async (
    onConnection: Parameters<typeof serve>[0],
    timeoutMs = 300,
  ): ReturnType<typeof attemptOnce> => {
    await using server = await serve(onConnection)
    return await attemptOnce(http, { url: urlOf(server) }, timeoutMs)
  }
  expect(await attempt(() => undefined)).toEqual({
    success: false,
    stage: 'receive',
    error: 'connected after T, no answer within 300ms',
  })
  expect(await attempt((socket) => void socket.once('data', () => socket.resetAndDestroy()), 5000)).toEqual({
    success: false,
    stage: 'receive',
    error: 'connected after T, reset by the server (ECONNRESET)',
  })
  expect((await attempt((socket) => void socket.end(), 5000)).error).toContain('reset by the server')
  expect((await attempt((socket) => void socket.end('\0\xff not HTTP\r\n\r\n'), 5000)).error).toContain(
    'Parse Error',
  )
  const broken = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'
  expect((await attempt((socket) => void socket.end(broken), 5000)).error).toBe(
    'connected after T, the answer broke off after 3 bytes of its body',
  )
  expect((await attempt((socket) => void socket.write(broken))).error).toBe(
    'connected after T, only 3 bytes of an answer within 300ms',
  )
  const endlessHeaders = (socket: { write(text: string): unknown; destroyed: boolean }): void => {
    socket.write('HTTP/1.1 200 OK\r\n')
    for (let line = 0; line < 10_000; line++) socket.write(`x-${line}: ${'y'.repeat(100)}\r\n`)
  }
  expect((await attempt(endlessHeaders, 5000)).error).toContain('Header overflow')
})

test('of a body without end only the first MiB is read', async () => {
  let sent = 0
  await using server = await serveHttp((_, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536))) sent += 65_536
    }
    response.on('drain', more)
    more()
  })
  await using open = await openProbe(http, { url: urlOf(server) })
  const { success, values } = await open.attempt()
  expect([success, values?.['http_body_bytes']]).toEqual([true, 1 << 20])
  expect(sent).toBeLessThan(64 << 20)
})

test('an abort ends the attempt at once, with its reason', async () => {
  await using server = await serve(() => undefined)
  await using open = await openProbe(http, { url: urlOf(server) }, 60_000)
  const controller = new AbortController()
  const attempt = open.attempt(controller.signal)
  setTimeout(() => controller.abort(new Error('the run ended')), 50)
  expect((await attempt).error).toContain('given up: the run ended')
  expect((await open.attempt(AbortSignal.abort(new Error('over')))).error).toBe('given up: over')
})

test('subject and target', () => {
  const of = (properties: object): unknown => {
    const parsed = http.properties.parse(properties)
    return [http.target(parsed), http.subject(parsed)]
  }
  expect([
    of({ url: 'http://host/x' }),
    of({ url: 'https://[::1]/x' }),
    of({ url: 'http://host:8080/', socket: '/run/x' }),
  ]).toEqual([
    ['http://host/x', { type: 'socket', protocol: 'tcp', address: 'host:80' }],
    ['https://[::1]/x', { type: 'socket', protocol: 'tcp', address: '[::1]:443' }],
    ['http://host:8080/ through /run/x', { type: 'socket', protocol: 'unix', address: '/run/x' }],
  ])
  for (const url of ['ftp://x/', 'host', '/path', '', 'http:']) {
    expect(http.properties.safeParse({ url }).success).toBe(false)
  }
})
