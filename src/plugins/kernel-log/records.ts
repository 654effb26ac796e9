/** Records of a kernel's log to rows of `kernel_log`, and queues of timers that it printed to rows of `timers`. */
import { parseLine } from '../../base/kernel-reports/line.ts'
import { PrintedTimers, type PrintedList } from '../../base/kernel-reports/printed-timers.ts'
import type { Row } from '../../model/tables.ts'
import type { RowSink } from '../../plugin/evidence.ts'

const MOST_LINES = 100
/** Records of which the time is remembered: more than a queue has timers. */
const MOST_AT_ONCE = 10_000

export type LogRecord = Row<'kernel_log'> & { readonly ts: bigint }

export interface RecordSink {
  add(record: LogRecord): void
  /** No more: adds what is pending. */
  end(): void
}

/** Takes records in the order in which they were written. */
export function recordSink(sink: RowSink): RecordSink {
  let position = 0
  const timers = new PrintedTimers()
  /** When each list that has not ended yet began. */
  const began = new Map<number, bigint>()
  const addLists = (lists: readonly PrintedList[]): void => {
    for (const { cpu, firstLine, timers: queue } of lists) {
      const ts = began.get(firstLine)
      if (ts === undefined) continue
      for (const [place, { expiresNs, function: callback }] of queue.entries()) {
        sink.add('timers', {
          ts,
          cpu,
          clock: 'unknown',
          position: place,
          function: callback,
          expires_ns: expiresNs,
          count: 1,
        })
      }
    }
  }
  return {
    add: (record) => {
      sink.add('kernel_log', { ...record, position })
      // Most records have no list to do with.
      if (began.size > MOST_AT_ONCE) began.clear()
      began.set(position, record.ts)
      for (const text of (record.message ?? '').split('\n', MOST_LINES))
        addLists(timers.line({ ...parseLine(text, position), seconds: Number(record.ts) / 1e9 }))
      position++
    },
    end: () => addLists(timers.settle()),
  }
}
