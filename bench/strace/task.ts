/** One measurement of the bench in a process of its own: `task.ts scan|parse|parquet|ingest FILE DIRECTORY`. */
import { createReadStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { ingest } from '../../src/evidence/ingest.ts'
import { openEvidenceWriter } from '../../src/evidence/writer.ts'
import type { BulkColumn, Parser, RowSink } from '../../src/plugin/evidence.ts'
import { createStraceParser } from '../../src/plugins/collectors/strace/parse.ts'

const [, , task, file = '', directory = ''] = process.argv
const CHUNK_BYTES = 256 << 10
const { signal } = new AbortController()

const chunks = (end = Infinity): AsyncIterable<Uint8Array> =>
  createReadStream(file, { highWaterMark: CHUNK_BYTES, end })

/** Takes rows and forgets them: what is left is the parser. */
const column: BulkColumn = { add() {}, addInteger() {}, addInt64() {}, addBytes() {} }
const nowhere: RowSink = { add() {}, bulk: () => ({ column: () => column, endRow() {} }) }

function scanner(): Parser {
  let lines = 0
  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; at++) if (chunk[at] === 10) lines++
    },
    end: () => ({ lines, rows: 0, bad: 0 }),
  }
}

async function feed(parser: Parser, end?: number): Promise<void> {
  for await (const chunk of chunks(end)) parser.push(chunk)
  if (parser.end().bad > 0 && end === undefined) throw new Error('the generated trace has bad lines')
}

async function write(end?: number): Promise<void> {
  const run = join(directory, 'run')
  rmSync(run, { recursive: true, force: true })
  await using writer = openEvidenceWriter(run, { clock: systemClock() })
  const parser = createStraceParser(writer.sink({ node: 'server/0', collector: 'strace', capture: 'sick-1' }))
  if (task === 'ingest') await ingest(chunks(end), { rawFile: join(run, 'trace.zst'), parser, signal })
  else await feed(parser, end)
  await writer.flush()
}

async function measure(end?: number): Promise<void> {
  if (task === 'scan') return feed(scanner(), end)
  if (task === 'parse') return feed(createStraceParser(nowhere), end)
  return write(end)
}

// Compiled code and warm caches first.
await measure(20e6)
const started = performance.now()
await measure()
const seconds = (performance.now() - started) / 1000
process.stdout.write(JSON.stringify({ seconds, rss: process.resourceUsage().maxRSS * 1024 }))
