/**
 * Maps of call-latency.bt -> `syscalls`.
 *
 * Each call is in up to two kinds of rows; a query takes one of them:
 * - `args` = 'total': exact, by (comm, pid, call); `path` is null.
 * - `args` = 'sampled path': by (pid, call, path), for calls that take a path; `count` and `duration_ns` are estimates
 *   that in expectation add up to the total's. Exact for calls of 1 ms and more, as far as the map has room.
 * Calls that began in the window and had not returned at its end are in neither, but in a row each:
 * - `args` = 'in flight': `finished` is false, `duration_ns` is the time so far.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import {
  bpftraceParser,
  type BpftraceParserOptions,
  headParts,
  statsOf,
  tailParts,
} from '../../tracing/bpftrace-output.ts'
import type { SyscallTable } from '../../tracing/syscall-names.ts'

/** A call that a thread was in when the tool asked. */
export interface OpenCall {
  readonly tid: number
  readonly call: string
  /** First two arguments as unsigned numbers, rounded to the precision of a double. */
  readonly arguments: readonly [number, number]
}

/** Who is in a call that is under way, and what is known of its arguments. */
export interface Caller {
  readonly pid: number
  readonly comm: string
  readonly path?: string
  readonly fd?: number
}

export interface CallLatencyOptions extends BpftraceParserOptions {
  readonly calls: SyscallTable
  readonly absolute: (pid: number, directoryFd: number, path: string) => string
  /** The thread, when it is still in that call; undefined when it has left it. */
  readonly caller: (open: OpenCall) => Caller | undefined
}

interface PathTimes {
  readonly pid: number
  readonly call: string
  readonly path: string
  count: number
  duration: number
  max: number
}

/** Parses the output of call-latency.bt. */
export function createCallLatencyParser(
  sink: RowSink,
  { calls, absolute, caller, note }: CallLatencyOptions,
): Parser {
  return bpftraceParser(sink, { note }, (rows) => {
    const comms = new Map<string, string>()
    const totals = new Map<string, { count: number; total: number; max: number }>()
    const paths = new Map<string, PathTimes>()
    const open: { tid: number; began: number; number: number; arguments: readonly [number, number] }[] = []
    let now = 0

    const total = (key: string): { count: number; total: number; max: number } => {
      const known = totals.get(key) ?? { count: 0, total: 0, max: 0 }
      totals.set(key, known)
      return known
    }
    const timesOf = (key: string): PathTimes | undefined => {
      const [pid, call, directoryFd, path] = headParts(key, 4) ?? []
      if (path === undefined) return undefined
      const process = Number(pid)
      const times = paths.get(key) ?? {
        pid: process,
        call: calls.name(Number(call)),
        path: absolute(process, Number(directoryFd), path),
        count: 0,
        duration: 0,
        max: 0,
      }
      paths.set(key, times)
      return times
    }

    return {
      printf: (text) => {
        now = Number(/^now (\d+)/.exec(text)?.[1] ?? now)
      },
      map: (name, entries) => {
        for (const [key, value] of entries) {
          if (name === '@took') Object.assign(total(key), statsOf(value))
          else if (name === '@max' && typeof value === 'number') total(key).max = value
          else if (name === '@open' && Array.isArray(value)) {
            const [began = 0, number = -1, first = 0, second = 0] = value.map(Number)
            open.push({ tid: Number(key), began, number, arguments: [unsigned(first), unsigned(second)] })
          } else if (typeof value === 'number') {
            const times = name.startsWith('@path_') ? timesOf(key) : undefined
            if (times === undefined) continue
            if (name === '@path_count') times.count = value
            else if (name === '@path_took') times.duration = value
            else times.max = value
          }
        }
      },
      end: () => {
        for (const [key, { count, total: duration, max }] of totals) {
          const [comm, pid, call] = tailParts(key, 3) ?? []
          if (comm === undefined || count === 0) continue
          const name = calls.name(Number(call))
          comms.set(`${pid},${name}`, comm)
          rows.add('syscalls', {
            comm,
            pid: Number(pid),
            call: name,
            args: 'total',
            count,
            duration_ns: duration,
            max_ns: max,
            finished: true,
          })
        }
        for (const { pid, call, path, count, duration, max } of paths.values()) {
          // No count: that map was full. No path: it could not be read, as that of a program that was executed.
          if (count === 0 || path === '') continue
          const comm = comms.get(`${pid},${call}`)
          rows.add('syscalls', {
            ...(comm === undefined ? {} : { comm }),
            pid,
            call,
            args: 'sampled path',
            path,
            count,
            duration_ns: duration,
            max_ns: max,
            finished: true,
          })
        }
        for (const { tid, began, number, arguments: given } of open) {
          const call = calls.name(number)
          const found = caller({ tid, call, arguments: given })
          if (found === undefined || now < began) continue
          const duration = now - began
          rows.add('syscalls', {
            ...found,
            tid,
            call,
            args: 'in flight',
            count: 1,
            duration_ns: duration,
            max_ns: duration,
            finished: false,
          })
        }
      },
    }
  })
}

const unsigned = (value: number): number => (value < 0 ? value + 2 ** 64 : value)
