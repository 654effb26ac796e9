/** Takes what a script writes: whole to a file, line by line to the module's log, and the last lines for a failure. */
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import { drained } from '../../base/drained.ts'

/** Bytes of output that are kept in the file: a script that writes without end must not fill the disk. */
const FILE_LIMIT = 256 * 2 ** 20
/** A longer line is cut in the log, in UTF-16 units. */
const LINE_LIMIT = 16_384
const LAST_LINES = 5
/** Characters of the output that are kept. */
const OUTPUT_LIMIT = 65_536

export interface ScriptLog extends AsyncDisposable {
  /** Reads a stream to its end, telling of each piece. Two streams may be taken at the same time. */
  take(output: AsyncIterable<Uint8Array>, keep: boolean, heard: () => void): Promise<void>
  /** The beginning of what was to be kept, up to 64 KiB. */
  output(): string
  /** The last lines that were not blank, each cut to 400 characters. */
  lastLines(): string
}

/** Opens the file; a disk that is full loses the file's rest, never the run. */
export function openScriptLog(path: string, log: (line: string) => void): ScriptLog {
  const file = createWriteStream(path, { flags: 'a' })
  let broken = false
  file.on('error', (error) => {
    if (!broken) log(`cannot write ${path}: ${error.message}`)
    broken = true
  })
  let written = 0
  let last: string[] = []
  let kept = ''

  const write = async (chunk: Uint8Array): Promise<void> => {
    if (broken || written > FILE_LIMIT) return
    written += chunk.length
    if (!file.write(chunk)) await drained(file)
    if (written > FILE_LIMIT) file.write(`\n... cut here, after ${FILE_LIMIT} bytes\n`)
  }
  const line = (text: string): void => {
    log(text.length > LINE_LIMIT ? `${text.slice(0, LINE_LIMIT)} ...` : text)
    if (text.trim() !== '') last = [...last, text.slice(0, 400)].slice(-LAST_LINES)
  }

  return {
    async take(output, keep, heard) {
      const decoder = new StringDecoder('utf8')
      let pending = ''
      for await (const chunk of output) {
        heard()
        await write(chunk)
        const text = decoder.write(Buffer.from(chunk))
        if (keep) kept = (kept + text).slice(0, OUTPUT_LIMIT)
        const lines = (pending + text).split('\n')
        pending = lines.pop() ?? ''
        for (const text of lines) line(text)
        if (pending.length > LINE_LIMIT) {
          line(pending)
          pending = ''
        }
      }
      pending += decoder.end()
      if (pending !== '') line(pending)
    },
    output: () => kept,
    lastLines: () => last.join('\n'),
    async [Symbol.asyncDispose]() {
      file.end()
      await finished(file).catch(() => undefined)
    },
  }
}
