/**
 * Text of trace_pipe -> `syscalls` and `wakeups`, added up at the end.
 *
 * `args` of a call is 'total' (by thread, call and error) or 'in flight' (it began in the window and had not returned:
 * `finished` is false, `duration_ns` the time so far). Times are in us. Events other than those of system
 * calls and the scheduler stay in the raw file.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'
import { errnoName } from '../../tracing/errno-names.ts'
import type { SyscallTable } from '../../tracing/syscall-names.ts'

export interface FtraceOptions {
  readonly calls: SyscallTable
  /** Process of a thread; undefined when it is gone. */
  readonly processOf: (tid: number) => number | undefined
  /** The clock of the trace when it ended, in ns; undefined to take the time of the last line. */
  readonly endedAt: () => number | undefined
  readonly note: (sentence: string) => void
}

/** `comm-tid (tgid) [cpu] flags seconds: event: fields`; tgid and flags may be missing. */
const EVENT = /^\s*(.+)-(\d+)\s+(?:\(\s*[\d-]+\)\s+)?\[\d+\]\s+(?:\S+\s+)?(\d+)\.(\d{6,9}): (\w+): (.*)$/
const LOST = /^CPU:\d+ \[LOST (\d+) EVENTS\]$/
const MOST_KEYS = 100_000

interface Sum {
  count: number
  total: number
  max: number
}

/** Parses the output of trace_pipe. */
export function createFtraceParser(
  sink: RowSink,
  { calls, processOf, endedAt, note }: FtraceOptions,
): Parser {
  return lineParser(sink, (rows) => {
    const totals = new Map<string, Sum & { comm: string; tid: number; call: string; errno: string }>()
    const open = new Map<number, { call: string; comm: string; since: number }>()
    const wakeups = new Map<string, Sum & { waker: string; wakerTid: number; comm: string; tid: number }>()
    const woken = new Map<number, { since: number; key: string }>()
    let now = 0
    let lost = 0

    const entered = (comm: string, tid: number, fields: string): boolean => {
      const [, number] = /^NR (-?\d+) /.exec(fields) ?? []
      if (number === undefined) return false
      open.set(tid, { call: calls.name(Number(number)), comm, since: now })
      return true
    }
    const returned = (comm: string, tid: number, fields: string): boolean => {
      const [, , result] = /^NR (-?\d+) = (-?\d+)$/.exec(fields) ?? []
      if (result === undefined) return false
      const begun = open.get(tid)
      if (begun === undefined) return true
      open.delete(tid)
      const value = Number(result)
      const errno = value < 0 && value >= -4095 ? errnoName(value) : ''
      const key = `${tid} ${begun.call} ${errno} ${comm}`
      const sum = totals.get(key) ?? { comm, tid, call: begun.call, errno, count: 0, total: 0, max: 0 }
      if (totals.size < MOST_KEYS) totals.set(key, sum)
      addTo(sum, now - begun.since)
      return true
    }
    const waking = (waker: string, wakerTid: number, fields: string): boolean => {
      const [, comm, pid] = /^comm=(.*) pid=(\d+) prio=/.exec(fields) ?? []
      if (comm === undefined) return false
      const tid = Number(pid)
      const key = `${wakerTid} ${tid} ${waker}`
      const sum = wakeups.get(key) ?? { waker, wakerTid, comm, tid, count: 0, total: 0, max: 0 }
      if (wakeups.size < MOST_KEYS) wakeups.set(key, sum)
      sum.count += 1
      woken.set(tid, { since: now, key })
      return true
    }
    const switched = (fields: string): boolean => {
      const [, previous, next] = / prev_pid=(\d+) .* next_pid=(\d+) /.exec(fields) ?? []
      if (previous === undefined) return false
      // Woken while it was still running: it did not wait.
      woken.delete(Number(previous))
      const wakeup = woken.get(Number(next))
      woken.delete(Number(next))
      const sum = wakeup === undefined ? undefined : wakeups.get(wakeup.key)
      if (wakeup === undefined || sum === undefined) return true
      sum.total += now - wakeup.since
      sum.max = Math.max(sum.max, now - wakeup.since)
      return true
    }

    return {
      line(line) {
        const [, comm, thread, seconds, fraction = '', event, fields = ''] = EVENT.exec(line) ?? []
        if (comm === undefined) {
          const [, events] = LOST.exec(line) ?? []
          lost += Number(events ?? 0)
          return events !== undefined || line === '' || line.startsWith('#')
        }
        now = Number(seconds) * 1e9 + Number(fraction.padEnd(9, '0'))
        const tid = Number(thread)
        if (event === 'sys_enter') return entered(comm, tid, fields)
        if (event === 'sys_exit') return returned(comm, tid, fields)
        if (event === 'sched_waking') return waking(comm, tid, fields)
        if (event === 'sched_switch') return switched(fields)
        return true
      },
      end() {
        if (lost > 0) note(`ftrace lost ${lost} events: counts are too low`)
        const process = (tid: number): { pid?: number } => {
          const pid = processOf(tid)
          return pid === undefined ? {} : { pid }
        }
        for (const { comm, tid, call, errno, count, total, max } of totals.values()) {
          const times = { count, duration_ns: total, max_ns: max, finished: true }
          rows.add('syscalls', { ...process(tid), tid, comm, call, errno, args: 'total', ...times })
        }
        const end = Math.max(now, endedAt() ?? now)
        for (const [tid, { call, comm, since }] of open) {
          const owner = process(tid)
          // Gone: exit and exit_group do not return.
          if (owner.pid === undefined) continue
          const times = { count: 1, duration_ns: end - since, max_ns: end - since, finished: false }
          rows.add('syscalls', { ...owner, tid, comm, call, args: 'in flight', ...times })
        }
        for (const { waker, wakerTid, comm, tid, count, total, max } of wakeups.values()) {
          rows.add('wakeups', {
            waker,
            waker_pid: wakerTid,
            comm,
            tid,
            count,
            latency_ns: total,
            max_ns: max,
          })
        }
        return true
      },
    }
  })
}

function addTo(sum: Sum, value: number): void {
  sum.count += 1
  sum.total += value
  sum.max = Math.max(sum.max, value)
}
