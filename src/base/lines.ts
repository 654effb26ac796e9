/** Files of lines, read in constant memory whatever is in them, and whether they are compressed or not. */
import { createReadStream } from 'node:fs'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** A file's bytes; those of a `.gz` or `.zst` file unpacked. Iterating rejects when it cannot be read or unpacked. */
export function openFile(file: string): AsyncIterable<Uint8Array> {
  const bytes = createReadStream(file)
  const unpacked = file.endsWith('.gz')
    ? createGunzip()
    : file.endsWith('.zst')
      ? createZstdDecompress()
      : undefined
  if (unpacked === undefined) return bytes
  bytes.once('error', (error) => unpacked.destroy(error))
  unpacked.once('close', () => bytes.destroy())
  return bytes.pipe(unpacked)
}

/** Lines without their ends, as many together as a chunk has; one of more than `longest` UTF-16 units is cut there. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n')
    pending = (lines.pop() ?? '').slice(0, longest + 1)
    yield lines.map((line) => trimmed(line, longest))
  }
  pending += decoder.decode()
  if (pending !== '') yield [trimmed(pending, longest)]
}

const trimmed = (line: string, longest: number): string =>
  line.length > longest ? line.slice(0, longest) : line.endsWith('\r') ? line.slice(0, -1) : line
