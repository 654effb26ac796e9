/** The first line of a command's output, which tells its pids; the rest of the stream is left to others. */
import type { Readable } from 'node:stream'

/** Longer lines before it are no greeting of a shell any more. */
const MOST_BYTES = 1 << 16

/** Both numbers that `pattern` finds; lines before that one are dropped. Undefined when the stream ends without it. */
export async function readPids(stream: Readable, pattern: RegExp): Promise<[number, number] | undefined> {
  let seen = Buffer.alloc(0)
  let ended = false
  const { promise, resolve } = Promise.withResolvers<void>()
  let wake = resolve
  const onEnd = (): void => {
    ended = true
    wake()
  }
  const onReadable = (): void => wake()
  stream.on('readable', onReadable)
  stream.once('end', onEnd)
  stream.once('close', onEnd)
  stream.once('error', onEnd)
  let next = promise
  try {
    for (;;) {
      for (let chunk: Buffer | null; (chunk = stream.read() as Buffer | null) !== null;) {
        seen = Buffer.concat([seen, chunk])
      }
      for (let end = seen.indexOf('\n'); end >= 0; end = seen.indexOf('\n')) {
        const found = pattern.exec(seen.toString('latin1', 0, end))
        seen = seen.subarray(end + 1)
        if (found === null) continue
        return [Number(found[1]), Number(found[2])]
      }
      if (ended || seen.length >= MOST_BYTES) return undefined
      await next
      const again = Promise.withResolvers<void>()
      next = again.promise
      wake = again.resolve
    }
  } finally {
    for (const [event, listener] of [
      ['readable', onReadable],
      ['end', onEnd],
      ['close', onEnd],
      ['error', onEnd],
    ] as const) {
      stream.off(event, listener)
    }
    if (seen.length > 0 && !stream.destroyed) stream.unshift(seen)
  }
}
