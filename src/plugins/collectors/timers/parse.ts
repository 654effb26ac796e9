/**
 * `/proc/timer_list` to rows of `timers` (kernel/time/timer_list.c; versions v0.3 of Linux 2.6 to v0.10 of 6.18).
 *
 * A base lists its timers in the order in which the kernel would expire them, so that positions can be checked against
 * expiries.
 */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** Bases by index where their clock is not printed (since Linux 6.18); the same four again are the soft ones. */
const CLOCKS = ['ktime_get', 'ktime_get_real', 'ktime_get_boottime', 'ktime_get_clocktai'] as const

/** A longer line is none of the kernel's. */
const LONGEST_LINE = 1000

/** Parses the whole file; the rest of what it says of tick devices is kept in the raw file only. */
export function timersParser(rows: RowSink): Parser {
  return lineParser(rows, (sink) => {
    let nowNs: bigint | undefined
    let cpu: number | undefined
    let base = { index: 0, clock: '', offsetNs: 0n }
    let timer: Row<'timers'> | undefined
    return {
      line(line) {
        if (line.length > LONGEST_LINE) return false
        const text = line.trim()
        if (text.startsWith('#')) {
          if (cpu === undefined) return false
          if (text.startsWith('# expires at ')) {
            const known = timer !== undefined && addExpiry(timer, text)
            if (known && timer !== undefined) sink.add('timers', timer)
            timer = undefined
            return known
          }
          timer = parseTimer(text)
          if (timer === undefined) return false
          timer.cpu = cpu
          timer.clock = clockOf(base)
          if (nowNs !== undefined) timer.now_ns = nowNs + base.offsetNs
          return true
        }
        const [, now] = /^now at (\d{1,19}) nsecs$/.exec(text) ?? []
        if (now !== undefined) {
          nowNs = BigInt(now)
          return true
        }
        const field = /^(\.?[A-Za-z][\w ]*?)\s*:\s*(.*)$/.exec(text)
        if (field === null) return text === '' || KNOWN.test(text)
        const [, name = '', value = ''] = field
        if (name === 'cpu') {
          if (!/^\d{1,6}$/.test(value)) return false
          cpu = Number(value)
        } else if (/^clock \d+$/.test(name)) base = { index: Number(name.slice(6)), clock: '', offsetNs: 0n }
        else if (name === '.get_time') base.clock = value
        else if (name === '.offset') {
          const [, offset] = /^(\d{1,20}) nsecs$/.exec(value) ?? []
          if (offset === undefined) return false
          // A negative offset is printed as unsigned.
          base.offsetNs = BigInt.asIntN(64, BigInt(offset))
        }
        return true
      },
    }
  })
}

const KNOWN =
  /^(?:Timer List Version|active timers|Broadcast device|Tick Device|Clock Event Device|Wakeup Device)/

function clockOf({ index, clock }: { readonly index: number; readonly clock: string }): string {
  const name = clock === '' ? (CLOCKS[index % 4] ?? '') : clock
  // Hard and soft bases of one clock are separate queues (since Linux 4.16, from index 4 on).
  return index >= 4 ? `${name} soft` : name
}

/** `#0: <ffff88003fc0e4a0>, hrtimer_wakeup, S:01[, hrtimer_start, comm/123]`; who started it up to Linux 4.10. */
function parseTimer(text: string): Row<'timers'> | undefined {
  const match = /^#(\d{1,9}): ([^,]+), ([^,]+), S:[0-9a-f]+(?:, [^,]+, (.*)\/(\d{1,10}))?$/.exec(text)
  if (match === null) return undefined
  const [, position, address = '', callback = '', comm, pid] = match
  // All zeros where the kernel tells nobody.
  const timer = /^<([0-9a-f]*[1-9a-f][0-9a-f]*)>$/.exec(address)?.[1]
  const row: Row<'timers'> = { position: Number(position), function: callback, count: 1n }
  if (timer !== undefined) row.timer = timer
  if (comm !== undefined) Object.assign(row, { comm, pid: Number(pid) })
  return row
}

/** `# expires at SOFT-HARD nsecs [in N to M nsecs]`; before Linux 2.6.28 there was one expiry. */
function addExpiry(timer: Row<'timers'>, text: string): boolean {
  const match = /^# expires at (-?\d{1,19})(?:-(-?\d{1,19}))? nsecs /.exec(text)
  if (match === null) return false
  timer.soft_expires_ns = BigInt(match[1] ?? '')
  timer.expires_ns = BigInt(match[2] ?? match[1] ?? '')
  return true
}
