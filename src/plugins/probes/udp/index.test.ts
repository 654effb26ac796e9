import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { attemptOnce, openProbe } from '../../../../test/harness/attempt.ts'
import udp from './index.ts'

async function serveUdp(
  answer: (message: Buffer, send: (text: string | Buffer) => void) => void,
  type: 'udp4' | 'udp6' = 'udp4',
): Promise<AsyncDisposable & { readonly port: number }> {
  const socket = createSocket(type)
  socket.on('message', (message, { port, address }: RemoteInfo) =>
    answer(message, (text) => socket.send(text, port, address)),
  )
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

test('an answer is required, and must match', async () => {
  await using server = await serveUdp((message, send) => send(message))
  const attempt = (properties: object): ReturnType<typeof attemptOnce> =>
    attemptOnce(udp, { address: `127.0.0.1:${server.port}`, ...properties })
  const success = { success: true, stage: 'done' }
  expect(await attempt({})).toEqual(success)
  expect(await attempt({ send: 'ping', expect: '^ping$' })).toEqual(success)
  expect(await attempt({ sendHex: '00ff', expect: '^\\x00\\xff$' })).toEqual(success)
  expect(await attempt({ send: 'ping', expect: 'pong' })).toEqual({
    success: false,
    stage: 'receive',
    error: 'the answer "ping" does not match /pong/',
  })
})

test('over IPv6', async () => {
  await using server = await serveUdp((message, send) => send(message), 'udp6')
  expect(await attemptOnce(udp, { address: `[::1]:${server.port}` })).toMatchObject({ success: true })
})

test('silence, and nobody there', async () => {
  let port = 0
  {
    await using server = await serveUdp(() => undefined)
    port = server.port
    expect(await attemptOnce(udp, { address: `127.0.0.1:${port}` }, 200)).toEqual({
      success: false,
      stage: 'receive',
      error: 'no answer within 200ms',
    })
  }
  expect((await attemptOnce(udp, { address: `127.0.0.1:${port}` })).error).toBe(
    'connection refused (ECONNREFUSED)',
  )
  expect((await attemptOnce(udp, { address: 'no-such-host.invalid:1' }, 20_000)).success).toBe(false)
})

test('an abort ends the attempt', async () => {
  await using server = await serveUdp(() => undefined)
  await using open = await openProbe(udp, { address: `127.0.0.1:${server.port}` }, 60_000)
  const controller = new AbortController()
  const attempt = open.attempt(controller.signal)
  setTimeout(() => controller.abort(new Error('the run ended')), 20)
  expect((await attempt).error).toBe('given up: the run ended')
  expect((await open.attempt(AbortSignal.abort(new Error('over')))).error).toBe('given up: over')
})
