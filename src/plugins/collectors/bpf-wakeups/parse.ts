/** Maps of wakeups.bt -> `wakeups`, a row for each pair of threads, and `locks`, a row for each thread and futex. */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import {
  bpftraceParser,
  headParts,
  statsOf,
  type BpftraceParserOptions,
} from '../../tracing/bpftrace-output.ts'

/** Parses the output of wakeups.bt. */
export function createWakeupsParser(sink: RowSink, options: BpftraceParserOptions): Parser {
  return bpftraceParser(sink, options, (rows) => {
    const maps = new Map<string, Map<string, unknown>>()
    const numberIn = (map: string, key: string): number => Number(maps.get(map)?.get(key) ?? 0)
    const commIn = (map: string, tid: string): string | null => {
      const comm = maps.get(map)?.get(tid)
      return typeof comm === 'string' ? comm : null
    }
    return {
      map: (name, entries) => void maps.set(name, new Map(entries)),
      end: () => {
        for (const key of maps.get('@count')?.keys() ?? []) {
          const [waker, tid] = headParts(key, 2) ?? []
          if (waker === undefined || tid === undefined) continue
          rows.add('wakeups', {
            waker: commIn('@waker', waker),
            waker_pid: Number(waker),
            comm: commIn('@woken', tid),
            tid: Number(tid),
            count: numberIn('@count', key),
            latency_ns: numberIn('@waited', key),
            max_ns: numberIn('@max', key),
          })
        }
        for (const [key, value] of maps.get('@held') ?? []) {
          const [tid, pid, futex] = headParts(key, 3) ?? []
          const held = statsOf(value)
          if (tid === undefined || pid === undefined || futex === undefined || held === undefined) continue
          rows.add('locks', {
            pid: Number(pid),
            tid: Number(tid),
            comm: commIn('@waker', tid),
            futex: `0x${BigInt.asUintN(64, BigInt(futex)).toString(16)}`,
            count: held.count,
            held_ns: held.total,
            max_ns: numberIn('@held_max', key),
          })
        }
      },
    }
  })
}
