/** Patterns of users over the lines of files, in a thread of its own: a pattern may take for ever on some line. */
import { Worker } from 'node:worker_threads'

export interface ScanRequest {
  readonly files: readonly { readonly path: string; readonly names: readonly string[] }[]
  /** A file is scanned when one of its names matches as a whole. */
  readonly wanted: string
  readonly required: readonly string[]
  readonly forbidden: readonly string[]
  /** Goes on after the first file with a problem. */
  readonly all: boolean
}

export interface ScannedFile {
  readonly name: string
  /** Required patterns that no line has. */
  readonly missing: readonly string[]
  readonly found: readonly { readonly pattern: string; readonly line: number; readonly text: string }[]
}

/** Longer without an answer from the thread is for ever, in ms. */
const SILENCE_MS = 20_000

/** The files that were scanned; undefined when a pattern took too long. Rejects when a file cannot be read. */
export async function scanLines(
  request: ScanRequest,
  signal: AbortSignal,
): Promise<readonly ScannedFile[] | undefined> {
  const worker = new Worker(new URL('line-scan-worker.ts', import.meta.url), { workerData: request })
  const { promise, resolve, reject } = Promise.withResolvers<readonly ScannedFile[] | undefined>()
  const timer = setTimeout(() => resolve(undefined), SILENCE_MS)
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  worker.on('message', (scanned: readonly ScannedFile[] | 'alive') => {
    if (scanned === 'alive') timer.refresh()
    else resolve(scanned)
  })
  worker.once('error', reject)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}
