/** A serial console, with whatever firmware and programs wrote on it, to rows of `kernel_log` and `timers`. */
import { ConsoleReader } from '../../../base/kernel-reports/console.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { recordSink } from '../../kernel-log/records.ts'

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const

/** `bootedAtNs` is when the kernel's clock was 0, on the run's clock. Lines without a time have that of the line before. */
export function consoleParser(rows: RowSink, bootedAtNs: bigint): Parser {
  const counts = { lines: 0, rows: 0, bad: 0 }
  const records = recordSink({
    add(table, row) {
      counts.rows++
      rows.add(table, row)
    },
  })
  let seconds = 0
  const reader = new ConsoleReader({
    line: (line) => {
      counts.lines++
      seconds = line.seconds ?? seconds
      records.add({
        ts: bootedAtNs + BigInt(Math.round(seconds * 1e9)),
        facility: line.stamped ? 'kern' : 'user',
        level: line.level === null ? '' : (LEVELS[line.level] ?? ''),
        message: line.text,
      })
    },
  })
  return {
    push: (chunk) => reader.push(chunk),
    end: () => {
      reader.end()
      records.end()
      return counts
    },
  }
}
