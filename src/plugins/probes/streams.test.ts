/** The probes of stream sockets, TCP and Unix, against real servers, also such that are sick. */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { attemptOnce, openProbe } from '../../../test/harness/attempt.ts'
import { serve, serveDark, serveHttp } from '../../../test/harness/servers.ts'
import tcp from './tcp/index.ts'
import unix from './unix/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'streams-'))
afterAll(() => rmSync(directory, { recursive: true }))

const echo = (socket: Socket): void => void socket.on('data', (data) => socket.write(data))

test.each(['tcp', 'unix'])('%s: send and expect', async (kind) => {
  const path = join(directory, 'echo')
  await using server = await serve(echo, kind === 'unix' ? path : undefined)
  const attempt = (properties: object, timeoutMs?: number): ReturnType<typeof attemptOnce> =>
    kind === 'unix'
      ? attemptOnce(unix, { path, ...properties }, timeoutMs)
      : attemptOnce(tcp, { address: `127.0.0.1:${server.port}`, ...properties }, timeoutMs)
  const success = { success: true, stage: 'done' }
  expect(await attempt({})).toEqual(success)
  expect(await attempt({ send: 'ping' })).toEqual(success)
  expect(await attempt({ send: 'ping\n', expect: '^ping$' }, 300)).toEqual({
    success: false,
    stage: 'receive',
    error: 'connected after T, only 5 bytes of an answer within 300ms',
  })
  expect(await attempt({ send: 'ping', expect: '^ping$' })).toEqual(success)
  expect(await attempt({ sendHex: '00 ff 0a', expect: '^\\x00\\xff\\n$' })).toEqual(success)
  expect(await attempt({ expect: 'banner' }, 200)).toEqual({
    success: false,
    stage: 'receive',
    error: 'connected after T, no answer within 200ms',
  })
})

async function tryTcp(
  onConnection: (socket: Socket) => void,
  properties: object,
  timeoutMs = 5000,
): ReturnType<typeof attemptOnce> {
  await using server = await serve(onConnection)
  return await attemptOnce(tcp, { address: `127.0.0.1:${server.port}`, ...properties }, timeoutMs)
}

test('an answer in pieces, and one that goes on after the match', async () => {
  const pieces = (socket: Socket): void => {
    let at = 0
    const timer = setInterval(() => socket.write('abcdefghijklmnopqrstuvwxyz'.charAt(at++ % 26)), 3)
    socket.on('close', () => clearInterval(timer))
  }
  expect(await tryTcp(pieces, { expect: 'lmnop' })).toEqual({ success: true, stage: 'done' })
})

test('servers that close, reset or never stop', async () => {
  expect((await tryTcp((socket) => void socket.end(), { send: 'x' })).error).toBe(
    'connected after T, closed by the server without an answer',
  )
  expect((await tryTcp((socket) => void socket.end('220 "hi"\xff\n'), { expect: '^250' })).error).toBe(
    'connected after T, closed by the server after "220 \\"hi\\"\\xc3\\xbf\\n", which does not match /^250/',
  )
  const reset = (socket: Socket): void => void socket.once('data', () => socket.resetAndDestroy())
  expect((await tryTcp(reset, { send: 'x' })).error).toBe(
    'connected after T, reset by the server (ECONNRESET)',
  )
  const flood = (socket: Socket): void => {
    const more = (): void => {
      while (socket.write(Buffer.alloc(65_536, 'a'))) continue
    }
    socket.on('drain', more)
    more()
  }
  expect((await tryTcp(flood, { expect: 'b' })).error).toMatch(/bytes do not match \/b\/: "a{80}\.\.\."$/)
  // The client's half is open while the server has closed its own.
  const halfClosed = (socket: Socket): void => void socket.end('bye')
  expect(await tryTcp(halfClosed, { expect: 'bye' })).toMatchObject({ success: true })
})

test('nobody there', async () => {
  let port = 0
  {
    await using server = await serve(echo)
    port = server.port
  }
  expect(await attemptOnce(tcp, { address: `127.0.0.1:${port}` })).toEqual({
    success: false,
    stage: 'connect',
    error: 'connection refused (ECONNREFUSED)',
  })
  expect(await attemptOnce(tcp, { address: 'no-such-host.invalid:1' }, 20_000)).toMatchObject({
    success: false,
    stage: 'connect',
  })
  expect(await attemptOnce(unix, { path: join(directory, 'absent') })).toMatchObject({
    error: 'there is no such socket (ENOENT)',
  })
  const file = join(directory, 'file')
  writeFileSync(file, '')
  expect(await attemptOnce(unix, { path: file })).toMatchObject({ success: false, stage: 'connect' })
})

test('a server that never accepts: a connection is no sign of life, an answer is', async () => {
  await using overTcp = await serveDark('0', 8)
  const address = `127.0.0.1:${overTcp.where}`
  expect(await attemptOnce(tcp, { address })).toEqual({ success: true, stage: 'done' })
  expect(await attemptOnce(tcp, { address, send: 'x' }, 200)).toEqual({
    success: false,
    stage: 'receive',
    error: 'connected after T, no answer within 200ms',
  })
  const path = join(directory, 'dark')
  await using _ = await serveDark(path, 8)
  expect(await attemptOnce(unix, { path })).toEqual({ success: true, stage: 'done' })
  expect(await attemptOnce(unix, { path, http: '/' }, 200)).toEqual({
    success: false,
    stage: 'receive',
    error: 'connected after T, no answer within 200ms',
  })
})

test('a server whose accept queue is full', async () => {
  await using overTcp = await serveDark('0', 1)
  const fillers: Socket[] = []
  const fill = async (to: { port: number } | { path: string }): Promise<void> => {
    const socket = connect(to)
    fillers.push(socket.on('error', () => undefined))
    await Promise.race([
      once(socket, 'connect').catch(() => undefined),
      new Promise((r) => setTimeout(r, 200)),
    ])
  }
  for (let index = 0; index < 4; index++) await fill({ port: Number(overTcp.where) })
  expect(await attemptOnce(tcp, { address: `127.0.0.1:${overTcp.where}` }, 300)).toEqual({
    success: false,
    stage: 'connect',
    error: 'no connection within 300ms',
  })
  const path = join(directory, 'full')
  await using _ = await serveDark(path, 1)
  for (let index = 0; index < 3; index++) await fill({ path })
  expect(await attemptOnce(unix, { path }, 300)).toEqual({
    success: false,
    stage: 'connect',
    error: 'its accept queue is full (EAGAIN)',
  })
  for (const socket of fillers) socket.destroy()
})

test('HTTP over a Unix socket', async () => {
  const path = join(directory, 'http')
  await using _ = await serveHttp((request, response) => response.end(`you asked for ${request.url}`), path)
  expect(await attemptOnce(unix, { path, http: '/status?full', expect: 'for /status\\?full$' })).toEqual({
    success: true,
    stage: 'done',
  })
})

test('whatever happens, no socket is left open', async () => {
  const sockets = (): number => readdirSync('/proc/self/fd').length
  await using server = await serve(() => undefined)
  await using open = await openProbe(tcp, { address: `127.0.0.1:${server.port}`, send: 'x' }, 20)
  await open.attempt()
  const before = sockets()
  for (let round = 0; round < 10; round++) await open.attempt()
  const controller = new AbortController()
  const attempt = open.attempt(controller.signal)
  controller.abort(new Error('the run ended'))
  expect((await attempt).error).toContain('given up: the run ended')
  // The server's ends of them stay, in this same process.
  expect(sockets() - before).toBeLessThanOrEqual(12)
})

test('addresses', () => {
  const valid = ['localhost:80', '127.0.0.1:1', '[::1]:65535', 'a-b.example:8080']
  const invalid = ['localhost', ':80', 'x:0', 'x:65536', '::1:80', 'http://x:80', 'x:80/', 'a b:80', '']
  const accepted = [...valid, ...invalid].filter((address) => tcp.properties.safeParse({ address }).success)
  expect(accepted).toEqual(valid)
  expect(tcp.subject({ address: '[::1]:80' })).toEqual({
    type: 'socket',
    protocol: 'tcp',
    address: '[::1]:80',
  })
  expect(unix.subject({ path: '/run/x' })).toEqual({ type: 'socket', protocol: 'unix', address: '/run/x' })
})
