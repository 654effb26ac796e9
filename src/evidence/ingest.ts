/** Raw output of a tool, on its way to a compressed file and to a parser at once. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { constants, createZstdCompress } from 'node:zlib'
import { abortReason, throwIfAborted } from '../base/abort.ts'
import { drained } from '../base/drained.ts'
import type { Parser, ParseStats } from '../plugin/evidence.ts'
import { diskError } from './disk-error.ts'

const SLICE_BYTES = 256 << 10

export interface IngestOptions {
  /** Where the raw output goes, zstd-compressed; its directory is made. */
  readonly rawFile: string
  readonly parser?: Parser | undefined
  readonly signal: AbortSignal
}

/**
 * Feeds `output` to the parser and to the raw file. Without a parser only lines are counted. On abort, or when the
 * output breaks off, what came so far is parsed and kept, and then the reason is thrown; a full disk is an EnvironmentError.
 */
export async function ingest(
  output: AsyncIterable<Uint8Array> | Uint8Array | string,
  { rawFile, parser = countLines(), signal }: IngestOptions,
): Promise<ParseStats> {
  const raw = await openRaw(rawFile)
  let broken: { readonly error: unknown } | undefined
  try {
    for await (const chunk of chunksOf(output, signal)) {
      parser.push(chunk)
      await raw.write(chunk)
      throwIfAborted(signal)
    }
  } catch (error) {
    broken = { error }
  }
  const [stats, closed] = await Promise.allSettled([endOf(parser), raw.close()])
  if (broken !== undefined) throw broken.error
  if (closed.status === 'rejected') throw closed.reason
  if (stats.status === 'rejected') throw stats.reason
  return stats.value
}

const endOf = async (parser: Parser): Promise<ParseStats> => parser.end()

/** A silent source must not keep an aborted reader waiting: it is left where it is, and asked to end. */
async function* untilAborted(
  output: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const source = output[Symbol.asyncIterator]()
  // One promise for each chunk: a race against a lasting one would keep every chunk alive as long as that.
  let giveUp: (reason: Error) => void = () => {}
  const onAbort = (): void => giveUp(abortReason(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      throwIfAborted(signal)
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = reject
        source.next().then(resolve, reject)
      })
      if (next.done === true) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Not awaited: a generator that waits for its own source would never answer.
    source.return?.().catch(() => {})
  }
}

// What is already in memory is cut up, so that one huge output does not hold up the ticks of a run.
async function* chunksOf(
  output: AsyncIterable<Uint8Array> | Uint8Array | string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal)
  if (typeof output !== 'string' && !(output instanceof Uint8Array)) {
    yield* untilAborted(output, signal)
    return
  }
  const bytes = typeof output === 'string' ? Buffer.from(output) : output
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    yield bytes.subarray(start, start + SLICE_BYTES)
    await nextTurn()
  }
}

async function openRaw(
  path: string,
): Promise<{ write(chunk: Uint8Array): Promise<void>; close(): Promise<void> }> {
  const doing = `keep the raw output in ${path}`
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw diskError(error, doing)
  })
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  const written = pipeline(compress, createWriteStream(path)).catch((error: unknown) => {
    throw diskError(error, doing)
  })
  // It is awaited at the end; a failure before that shows at the next write.
  written.catch(() => {})
  return {
    async write(chunk) {
      if (!compress.destroyed && !compress.write(chunk)) await drained(compress)
      if (compress.destroyed) await written
    },
    async close() {
      compress.end()
      await written
    },
  }
}

/** For output that no parser reads: it is only kept. */
function countLines(): Parser {
  let lines = 0
  let last = 0x0a
  return {
    push(chunk) {
      for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) lines++
      last = chunk.at(-1) ?? last
    },
    end: () => ({ lines: last === 0x0a ? lines : lines + 1, rows: 0, bad: 0 }),
  }
}
