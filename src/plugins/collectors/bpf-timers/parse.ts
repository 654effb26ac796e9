/** Maps of timers.bt -> `timers`: a row for each operation, function and process, and for each timer still armed. */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import {
  bpftraceParser,
  statsOf,
  tailParts,
  headParts,
  type BpftraceParserOptions,
} from '../../tracing/bpftrace-output.ts'

/** Parses the output of timers.bt. */
export function createTimersParser(sink: RowSink, options: BpftraceParserOptions): Parser {
  return bpftraceParser(sink, options, (rows) => {
    const maps = new Map<string, readonly (readonly [string, unknown])[]>()
    let now: number | null = null

    const of = (pid: number, comms: ReadonlyMap<number, string>): { pid: number; comm?: string } => {
      const comm = comms.get(pid)
      return comm === undefined ? { pid } : { pid, comm }
    }

    return {
      printf: (text) => {
        const [, nanoseconds] = /^now (\d+)/.exec(text) ?? []
        if (nanoseconds !== undefined) now = Number(nanoseconds)
      },
      map: (name, entries) => void maps.set(name, entries),
      end: () => {
        const comms = new Map<number, string>()
        for (const [key, count] of maps.get('@started') ?? []) {
          const [timer, pid, comm] = headParts(key, 3) ?? []
          if (comm === undefined || typeof count !== 'number') continue
          comms.set(Number(pid), comm)
          rows.add('timers', { operation: 'start', function: timer ?? '', pid: Number(pid), comm, count })
        }
        const longest = new Map(maps.get('@max'))
        for (const [key, value] of maps.get('@late') ?? []) {
          const [timer, pid] = tailParts(key, 2) ?? []
          const stats = statsOf(value)
          if (timer === undefined || stats === undefined) continue
          rows.add('timers', {
            operation: 'expire',
            function: timer,
            ...of(Number(pid), comms),
            count: stats.count,
            late_ns: stats.total,
            max_ns: Number(longest.get(key) ?? 0),
          })
        }
        for (const [key, count] of maps.get('@cancelled') ?? []) {
          const [timer, pid] = tailParts(key, 2) ?? []
          if (timer === undefined || typeof count !== 'number') continue
          rows.add('timers', { operation: 'cancel', function: timer, ...of(Number(pid), comms), count })
        }
        for (const [, value] of maps.get('@armed') ?? []) {
          if (!Array.isArray(value)) continue
          const [expires, softExpires, timer, pid]: unknown[] = value
          if (typeof timer !== 'string') continue
          rows.add('timers', {
            operation: 'armed',
            function: timer,
            ...of(Number(pid), comms),
            expires_ns: Number(expires),
            soft_expires_ns: Number(softExpires),
            now_ns: now,
            count: 1,
          })
        }
      },
    }
  })
}
