import { expect, test } from 'vitest'
import { Ask, Tell } from './frames.ts'
import { GuestStream } from './stream.ts'

test('a reader that comes late, after all that was granted has come, is sent the rest', async () => {
  const LENGTH = 3_000_000
  let granted = 0
  let sent = 0
  const stream: GuestStream = new GuestStream((type, payload) => {
    const words = Buffer.from(payload)
    if (type === Ask.grant && words.readUInt32LE(0) === 0) granted += words.readUInt32LE(4)
  })
  /** As the agent does: what may be sent, in pieces of an odd size. */
  const send = (): void => {
    while (granted > 0 && sent < LENGTH) {
      const size = Math.min(granted, 30_011, LENGTH - sent)
      granted -= size
      sent += size
      stream.take({ stream: 1, type: Tell.output, payload: Buffer.alloc(size) })
    }
    if (sent === LENGTH) stream.take({ stream: 1, type: Tell.output, payload: Buffer.alloc(0) })
  }
  stream.stdout.read(0)
  let received = 0
  const timer = setInterval(send, 1)
  // Until it has filled its buffer, and asks for nothing.
  await new Promise((resolve) => setTimeout(resolve, 50))
  for await (const chunk of stream.stdout) received += (chunk as Buffer).length
  clearInterval(timer)
  expect(received).toBe(LENGTH)
})
