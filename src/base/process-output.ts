/** One output stream of a child process: kept up to a bound, unless the caller reads it as it comes. */
import type { Readable } from 'node:stream'

export interface ProcessOutput extends AsyncIterable<Uint8Array> {
  /** What nobody read, as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string
  /** Whether bytes were dropped. */
  readonly truncated: boolean
  /** Resolves at the end of the stream, or when it has been silent for `idleMs` with nothing left to read. */
  settled(idleMs: number): Promise<void>
}

/**
 * Drains the stream from the start, so that a child never waits for a reader that does not come. Iterating takes over,
 * from the first byte kept, with backpressure on the child; leaving the iteration goes back to draining.
 */
export function captureOutput(stream: Readable, maxBytes: number): ProcessOutput {
  let chunks: Uint8Array[] = []
  let size = 0
  let truncated = false
  let lastMs = performance.now()

  const keep = (chunk: Uint8Array): void => {
    lastMs = performance.now()
    const room = maxBytes - size
    if (chunk.length > room) truncated = true
    if (room <= 0) return
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk
    size += kept.length
    chunks.push(kept)
  }
  const take = (): Uint8Array[] => {
    const taken = chunks
    chunks = []
    size = 0
    return taken
  }
  // A stream that breaks has ended: how the process ended is told by its exit.
  stream.on('error', () => {})
  stream.on('data', keep)

  async function* iterate(): AsyncGenerator<Uint8Array, void, undefined> {
    stream.off('data', keep)
    stream.pause()
    try {
      yield* take()
      if (stream.readableEnded || stream.destroyed) return
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
        lastMs = performance.now()
        yield chunk
      }
    } catch (error) {
      // Cut off by `settled`, or by the death of the child: both are the end of the output.
      if (!stream.destroyed) throw error
    } finally {
      if (!stream.readableEnded && !stream.destroyed) {
        stream.on('data', keep)
        stream.resume()
      }
    }
  }

  return {
    [Symbol.asyncIterator]: iterate,
    text: () => Buffer.concat(chunks).toString('utf8'),
    get truncated() {
      return truncated
    },
    settled: (idleMs) =>
      new Promise((resolve) => {
        if (stream.closed) {
          resolve()
          return
        }
        lastMs = performance.now()
        const timer = setInterval(() => {
          if (performance.now() - lastMs >= idleMs && stream.readableLength === 0) stream.destroy()
        }, idleMs / 4)
        stream.once('close', () => {
          clearInterval(timer)
          resolve()
        })
      }),
  }
}
