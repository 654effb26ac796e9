/**
 * Output of `dmesg --decode --time-format iso` to rows of `kernel_log` (util-linux 2.24 and later), and queues of timers that
 * the kernel printed to rows of `timers`.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'
import { recordSink, type LogRecord } from '../../kernel-log/records.ts'

/** `kern  :warn  : 2026-11-21T11:32:02,428509+00:00 text`; the zone had no colon before util-linux 2.32. */
const RECORD =
  /^([a-z0-9]+)\s*:([a-z]+)\s*: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[,.](\d{6})([+-]\d\d):?(\d\d) ?(.*)$/

/** `clockOffsetNs` is the node's clock minus the controller's. Indented lines belong to the record before them. */
export function kernelLogParser(rows: RowSink, clockOffsetNs: number): Parser {
  return lineParser(rows, (sink) => {
    const records = recordSink(sink)
    let record: LogRecord | undefined
    const flush = (): void => {
      if (record !== undefined) records.add(record)
      record = undefined
    }
    return {
      line(line) {
        const match = RECORD.exec(line)
        if (match === null) {
          if (record === undefined || !/^(?:\s|$)/.test(line)) return false
          record = { ...record, message: `${record.message ?? ''}\n${line.trim()}` }
          return true
        }
        flush()
        const [, facility = '', level = '', time = '', micros = '', hours = '', minutes = '', message = ''] =
          match
        const milliseconds = Date.parse(`${time}${hours}:${minutes}`)
        if (Number.isNaN(milliseconds)) return false
        const ns = BigInt(milliseconds) * 1_000_000n + BigInt(micros) * 1000n
        record = { ts: ns - BigInt(Math.round(clockOffsetNs)), facility, level, message }
        return true
      },
      end() {
        flush()
        records.end()
        return true
      },
    }
  })
}
