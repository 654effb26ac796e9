/** Folds a file as the command-line peers do: `task.ts FILE`, to standard output. */
import { openSync, readSync } from 'node:fs'
import { foldPerfScript } from '../../src/plugins/collectors/perf-on-cpu/parse-fold.ts'

const CHUNK_BYTES = 256 << 10

function* chunksOf(file: string): Generator<Uint8Array> {
  const input = openSync(file, 'r')
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const length = readSync(input, chunk)
    if (length === 0) return
    yield chunk.subarray(0, length)
  }
}

process.stdout.write(foldPerfScript(chunksOf(process.argv[2] ?? '')))
