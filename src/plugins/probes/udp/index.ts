/** Tries a UDP service: a datagram there, a datagram back. */
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { z } from 'zod'
import { defineProbe } from '../../../plugin/define.ts'
import type { Dial, ProbeResult } from '../../../plugin/probe.ts'
import { pattern } from '../../pattern.ts'
import { address, addressOf, bytesOf, hexadecimal, type HostAndPort } from '../address.ts'
import { matches, quote } from '../answer.ts'
import { Attempt } from '../attempt.ts'

const properties = z.strictObject({
  address: address().describe('host:port to send to'),
  send: z.string().optional().describe('text to send; an empty datagram without it'),
  sendHex: hexadecimal.optional().describe('bytes to send, in hexadecimal, in place of `send`'),
  expect: pattern.optional().describe('regular expression that the answer must match; any answer without it'),
})

export default defineProbe({
  id: 'udp',
  summary: 'UDP datagram that must be answered',
  needs: [],
  module: import.meta.url,
  dials: true,
  properties,
  target: (options) => options.address,
  subject: (options) => ({ type: 'socket', protocol: 'udp', address: options.address }),
  open: async ({ timeoutMs, dial }, options) => {
    const exchange = {
      to: addressOf(options.address),
      send: bytesOf(options.send, options.sendHex) ?? new Uint8Array(),
      expect: options.expect === undefined ? undefined : new RegExp(options.expect),
      timeoutMs,
      dial,
    }
    return { attempt: (signal) => tryUdp(exchange, signal) }
  },
})

interface Exchange {
  readonly to: HostAndPort
  readonly send: Uint8Array
  readonly expect: RegExp | undefined
  readonly timeoutMs: number
  readonly dial?: Dial | undefined
}

async function tryUdp(exchange: Exchange, signal: AbortSignal): Promise<ProbeResult> {
  const { to, send, timeoutMs, dial } = exchange
  using attempt = new Attempt(signal, timeoutMs)
  if (dial !== undefined) return await tryFromElsewhere(exchange, dial, attempt)
  return await new Promise((resolve) => {
    const onAbort = (): void => resolve(attempt.failure(undefined))
    attempt.signal.addEventListener('abort', onAbort, { once: true })
    if (attempt.signal.aborted) onAbort()
    // A look-up cannot be ended: one that outlives the attempt is ignored.
    lookup(to.host).then(
      ({ address: host, family }) => {
        if (attempt.signal.aborted) return
        // The signal closes the socket, and so does `dispose` after an answer.
        const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', signal: attempt.signal })
        let isOpen = true
        const finish = (result: ProbeResult): void => {
          attempt.signal.removeEventListener('abort', onAbort)
          if (isOpen) socket.close()
          isOpen = false
          resolve(result)
        }
        socket.on('close', () => (isOpen = false))
        socket.on('error', (error) => finish(attempt.failure(error)))
        socket.on('message', (answer) => finish(judge(answer, exchange, attempt)))
        // A connected socket hears of ports that nobody listens on.
        socket.connect(to.port, host, () => {
          attempt.stage = 'send'
          socket.send(send, (error) => {
            if (error !== null) finish(attempt.failure(error))
            else attempt.stage = 'receive'
          })
        })
      },
      (error: unknown) => resolve(attempt.failure(error)),
    )
  })
}

async function tryFromElsewhere(exchange: Exchange, dial: Dial, attempt: Attempt): Promise<ProbeResult> {
  const { to, send } = exchange
  const socket = dial({ protocol: 'udp', ...to }, attempt.signal)
  try {
    return await new Promise((resolve) => {
      socket.on('error', (error) => resolve(attempt.failure(error)))
      socket.on('data', (answer: Uint8Array) => resolve(judge(answer, exchange, attempt)))
      socket.on('connect', () => {
        attempt.stage = 'send'
        socket.write(send, () => (attempt.stage = 'receive'))
      })
    })
  } finally {
    socket.destroy()
  }
}

function judge(answer: Uint8Array, { expect }: Exchange, attempt: Attempt): ProbeResult {
  attempt.received += answer.length
  if (expect === undefined || matches(answer, expect)) return attempt.success()
  return attempt.refused(`the answer ${quote(answer)} does not match ${expect}`)
}
