/**
 * Output of `dmesg --decode --time-format iso` to rows of `kernel_log` (util-linux 2.24 and later), and queues of timers that
 * the kernel printed to rows of `timers`.
 */
import { parseLine } from '../../../base/kernel-reports/line.ts'
import { PrintedTimers, type PrintedList } from '../../../base/kernel-reports/printed-timers.ts'
import { addTimers } from '../../../plugin/console-parser.ts'
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** `kern  :warn  : 2026-11-21T11:32:02,428509+00:00 text`; the zone had no colon before util-linux 2.32. */
const RECORD =
  /^([a-z0-9]+)\s*:([a-z]+)\s*: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[,.](\d{6})([+-]\d\d):?(\d\d) ?(.*)$/

const MOST_LINES = 100
/** Records of which the time is remembered: more than a queue has timers. */
const MOST_AT_ONCE = 10_000

/** `clockOffsetNs` is the node's clock minus the controller's. Indented lines belong to the record before them. */
export function kernelLogParser(rows: RowSink, clockOffsetNs: number): Parser {
  return lineParser(rows, (sink) => {
    let record: (Row<'kernel_log'> & { ts: bigint }) | undefined
    let position = 0
    const timers = new PrintedTimers()
    /** When each list that has not ended yet began. */
    const began = new Map<number, bigint>()
    const add = (lists: readonly PrintedList[]): void => {
      for (const list of lists) {
        const ts = began.get(list.firstLine)
        if (ts !== undefined) addTimers(sink, list, ts)
      }
    }
    const flush = (): boolean => {
      if (record === undefined) return true
      sink.add('kernel_log', { ...record, position })
      // Most records have no list to do with.
      if (began.size > MOST_AT_ONCE) began.clear()
      began.set(position, record.ts)
      for (const text of (record.message ?? '').split('\n', MOST_LINES))
        add(timers.line({ ...parseLine(text, position), seconds: Number(record.ts) / 1e9 }))
      position++
      record = undefined
      return true
    }
    return {
      line(line) {
        const match = RECORD.exec(line)
        if (match === null) {
          if (record === undefined || !/^(?:\s|$)/.test(line)) return false
          record.message = `${record.message ?? ''}\n${line.trim()}`
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
        add(timers.settle())
        return true
      },
    }
  })
}
