/** The console of a kernel, as it comes, to rows of `kernel_log` and `timers`, and to what the kernel reports in it. */
import { ConsoleReader } from '../base/kernel-reports/console.ts'
import type { KernelLine } from '../base/kernel-reports/line.ts'
import type { PrintedList } from '../base/kernel-reports/printed-timers.ts'
import type { KernelReport } from '../base/kernel-reports/report.ts'
import type { Parser, RowSink } from './evidence.ts'

export interface ConsoleParser extends Parser {
  /** Nothing has come for a second: a report that is open is given as it is. */
  settle(): void
}

export interface ConsoleParserOptions {
  readonly rows: RowSink
  /** Now, ns since the epoch on the controller's clock: when a chunk that is pushed has arrived. */
  readonly nowNs: () => bigint
  /** When the kernel's clock was 0, where that is known: for a console that is read afterwards. */
  readonly bootedAtNs?: bigint
  /** Called with each report as soon as it is complete; `ts` is when it began. */
  readonly report?: (report: KernelReport, ts: bigint) => void
}

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug']

/**
 * A line is written at its stamp after the kernel began, and arrives later: the earliest that it can have begun by any line
 * is when it did (as NTP's clock filter takes the shortest delay; Mills, RFC 5905, 10). Lines of programs have the time at
 * which they arrive, and the facility `user`.
 */
export function consoleParser({ rows, nowNs, bootedAtNs, report }: ConsoleParserOptions): ConsoleParser {
  let lines = 0
  let added = 0
  let bootNs = bootedAtNs
  const timeOf = (seconds: number | null): bigint =>
    seconds === null || bootNs === undefined ? nowNs() : bootNs + nanosOf(seconds)
  const reader = new ConsoleReader({
    line(line) {
      if (line.text === '') return
      if (/^Linux version \d/.test(line.text)) bootNs = bootedAtNs
      if (line.seconds !== null && bootedAtNs === undefined) {
        const began = nowNs() - nanosOf(line.seconds)
        if (bootNs === undefined || began < bootNs) bootNs = began
      }
      rows.add('kernel_log', { ...rowOf(line), ts: timeOf(line.seconds), position: lines++ })
      added++
    },
    report: (one) => report?.(one, timeOf(one.seconds)),
    timers(list) {
      added += addTimers(rows, list, timeOf(list.seconds))
    },
  })
  return {
    push: (chunk) => reader.push(chunk),
    settle: () => reader.settle(),
    end() {
      reader.end()
      return { lines, rows: added, bad: 0 }
    },
  }
}

/** A queue that the kernel printed as rows of `timers`, all at the time of its first line; gives how many there are. */
export function addTimers(rows: RowSink, { cpu, timers }: PrintedList, ts: bigint): number {
  for (const [position, { expiresNs, function: callback }] of timers.entries()) {
    rows.add('timers', {
      ts,
      cpu,
      clock: 'unknown',
      position,
      function: callback,
      expires_ns: expiresNs,
      count: 1,
    })
  }
  return timers.length
}

const rowOf = ({ text, level, stamped }: KernelLine) => ({
  message: text,
  facility: stamped ? 'kern' : 'user',
  level: level === null ? null : (LEVELS[level] ?? null),
})

const nanosOf = (seconds: number): bigint => BigInt(Math.round(seconds * 1e6)) * 1000n
