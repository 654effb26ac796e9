/** Waiting for a stream that is written to faster than it takes. */
import type { Writable } from 'node:stream'

/** Resolves when the stream takes more, or never will. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writableNeedDrain) {
      resolve()
      return
    }
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.once('drain', done)
    stream.once('close', done)
  })
}
