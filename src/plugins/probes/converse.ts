/** Connects to a stream socket, sends something, and waits for the expected answer. */
import type { Dial, ProbeResult, StreamDestination } from '../../plugin/probe.ts'
import { matches, mostAnswerBytes, quote } from './answer.ts'
import { Attempt } from './attempt.ts'
import { connectTo } from './connect-to.ts'

export interface Conversation {
  readonly to: StreamDestination
  readonly send?: Uint8Array | undefined
  /** With neither `send` nor `expect`, a connection is success; with `send` alone, any answer. */
  readonly expect?: RegExp | undefined
  readonly timeoutMs: number
  /** Where the connection is not made from this process. */
  readonly dial?: Dial | undefined
}

/** An answer that trickles in byte by byte is not searched again at every byte. */
const SEARCH_EVERY_MS = 10

/** One attempt on a fresh connection, which is gone when the promise resolves. Never rejects. */
export async function converse(
  { to, send, expect, timeoutMs, dial }: Conversation,
  signal: AbortSignal,
): Promise<ProbeResult> {
  using attempt = new Attempt(signal, timeoutMs)
  const socket = connectTo(to, attempt.signal, dial)
  const chunks: Buffer[] = []
  let pause: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve) => {
      const search = (): void => {
        const answer = Buffer.concat(chunks)
        if (expect === undefined || matches(answer, expect)) {
          resolve(attempt.success({ received_bytes: answer.length }))
        } else if (answer.length >= mostAnswerBytes) {
          resolve(attempt.refused(`${answer.length} bytes do not match ${expect}: ${quote(answer)}`))
        }
      }
      const searchAfterPause = (): void => {
        pause = undefined
        search()
      }
      socket.on('connect', () => {
        attempt.connected()
        if (send === undefined && expect === undefined) resolve(attempt.success())
        if (send === undefined) attempt.stage = 'receive'
        else socket.write(send, () => (attempt.stage = 'receive'))
      })
      socket.on('data', (chunk: Buffer) => {
        attempt.stage = 'receive'
        attempt.received += chunk.length
        chunks.push(chunk)
        if (pause === undefined || attempt.received >= mostAnswerBytes) search()
        pause ??= setTimeout(searchAfterPause, SEARCH_EVERY_MS)
      })
      socket.on('end', () => {
        if (attempt.received === 0) resolve(attempt.refused('closed by the server without an answer'))
        search()
        const answer = quote(Buffer.concat(chunks))
        resolve(attempt.refused(`closed by the server after ${answer}, which does not match ${expect}`))
      })
      socket.on('error', (error) => resolve(attempt.failure(error)))
    })
  } finally {
    clearTimeout(pause)
    socket.destroy()
  }
}
