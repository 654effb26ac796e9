/** A parser for output that comes in lines: most tools, and all of procfs. */
import type { Parser, RowSink } from './evidence.ts'

/** A longer line is no output of a tool: it is dropped and counted as bad. In UTF-16 units. */
const LONGEST_LINE = 1 << 20

export interface LineHandler {
  /** Takes one line without its newline; false when it was not understood. */
  line(line: string): boolean
  /** No more lines: adds what is pending; false when that was not understood. */
  end?(): boolean
}

/**
 * Cuts chunks into lines, which may end anywhere in a chunk, and counts lines, rows and bad lines. A last line without
 * its newline was cut off by whoever wrote it: half a number looks like a number, so it is bad and not handled.
 */
export function lineParser(rows: RowSink, handlerFor: (rows: RowSink) => LineHandler): Parser {
  const decoder = new TextDecoder()
  let added = 0
  let lines = 0
  let bad = 0
  let pending = ''
  let overlong = false
  const handler = handlerFor({
    add(table, row) {
      added++
      rows.add(table, row)
    },
  })

  const take = (text: string): void => {
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = pending === '' ? text.slice(start, end) : pending + text.slice(start, end)
      pending = ''
      start = end + 1
      lines++
      if (overlong || line.length > LONGEST_LINE || !handler.line(line)) bad++
      overlong = false
    }
    pending += text.slice(start)
    if (pending.length <= LONGEST_LINE) return
    overlong = true
    pending = ''
  }

  return {
    push: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end() {
      take(decoder.decode())
      if (pending !== '' || overlong) {
        lines++
        bad++
      }
      if (handler.end?.() === false) bad++
      return { lines, rows: added, bad }
    },
  }
}
