/**
 * Text of a trace around a stop -> `timers`: waits that were begun anew although their time was over before the stop.
 *
 * A timed wait that a stop interrupts is begun anew with the expiry that it had. One that lies in the past belongs to a
 * timer that did not fire; the kernel lets such a wait end at once. `late_ns` is from the expiry to the stop, which a mark
 * in the trace tells: what ran out while the process stood still is not late. The trace must be on CLOCK_MONOTONIC.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** What is written into the trace just before a process is stopped; its number follows. */
export const STOP_MARK = 'quarry stops'

/** `comm-tid [cpu] flags seconds: event: fields`; flags may be missing. */
const EVENT =
  /^\s*(.{1,40})-(\d{1,10})\s+(?:\(\s*[\d-]+\)\s+)?\[\d+\]\s+(?:\S+\s+)?(\d{1,12})\.(\d{6,9}): (\w+): (.*)$/
const START = /^hrtimer=\S+ function=(\S+) expires=(-?\d{1,19}) softexpires=(-?\d{1,19})/
const MOST_ROWS = 10_000

/** Parses the file `trace` of an instance. */
export function restartedTimersParser(sink: RowSink): Parser {
  return lineParser(sink, (rows) => {
    let stopped: { readonly pid: number; readonly atNs: bigint } | undefined
    let count = 0
    return {
      line(line) {
        if (line === '' || line.startsWith('#')) return true
        const [, comm, thread, seconds = '', fraction = '', event, fields = ''] = EVENT.exec(line) ?? []
        if (comm === undefined) return false
        const nowNs = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
        if (event === 'tracing_mark_write') {
          if (fields.startsWith(`${STOP_MARK} `)) {
            stopped = { pid: Number(fields.slice(STOP_MARK.length)), atNs: nowNs }
          }
          return true
        }
        if (event !== 'hrtimer_start') return true
        const [, callback = '', hard = '', soft = ''] = START.exec(fields) ?? []
        if (callback === '') return false
        const expiresNs = BigInt(hard)
        if (stopped === undefined || expiresNs >= stopped.atNs || count >= MOST_ROWS) return true
        count += 1
        rows.add('timers', {
          operation: 'start',
          function: callback,
          expires_ns: expiresNs,
          soft_expires_ns: BigInt(soft),
          now_ns: nowNs,
          late_ns: stopped.atNs - expiresNs,
          pid: stopped.pid,
          tid: Number(thread),
          comm,
          count: 1n,
        })
        return true
      },
    }
  })
}
