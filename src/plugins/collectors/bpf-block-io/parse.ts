/**
 * Maps of block-io.bt -> `block_io`: a row for each process, device and operation, and one for each request that had
 * not completed when observation ended (`finished` is false, `latency_ns` is the time so far).
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { operationOf } from '../../tracing/block-operations.ts'
import {
  bpftraceParser,
  statsOf,
  tailParts,
  type BpftraceParserOptions,
} from '../../tracing/bpftrace-output.ts'

export interface BlockIoOptions extends BpftraceParserOptions {
  /** Name of a device, such as `sda` of `8:0`. */
  readonly deviceName: (majorMinor: string) => string
}

/** Parses the output of block-io.bt. */
export function createBlockIoParser(sink: RowSink, { deviceName, note }: BlockIoOptions): Parser {
  return bpftraceParser(sink, { note }, (rows) => {
    const maps = new Map<string, ReadonlyMap<string, unknown>>()
    let now = 0
    // The kernel's own dev_t (include/linux/kdev_t.h): 20 bits of minor number.
    const device = (number: string): string =>
      deviceName(`${Math.floor(Number(number) / 2 ** 20)}:${Number(number) % 2 ** 20}`)

    return {
      printf: (text) => {
        now = Number(/^now (\d+)/.exec(text)?.[1] ?? now)
      },
      map: (name, entries) => void maps.set(name, new Map(entries)),
      end: () => {
        for (const [key, value] of maps.get('@took') ?? []) {
          const [comm, pid, number, operation] = tailParts(key, 4) ?? []
          const stats = statsOf(value)
          if (number === undefined || operation === undefined || stats === undefined) continue
          rows.add('block_io', {
            ...(comm === undefined ? {} : { comm }),
            pid: Number(pid),
            device: device(number),
            operation: operationOf(operation),
            bytes: Number(maps.get('@bytes')?.get(key) ?? 0),
            latency_ns: stats.total,
            max_ns: Number(maps.get('@max')?.get(key) ?? 0),
            count: stats.count,
            finished: true,
          })
        }
        for (const [key, value] of maps.get('@issued') ?? []) {
          const [number] = key.split(',')
          if (!Array.isArray(value) || number === undefined) continue
          const [began, bytes, operation]: unknown[] = value
          const owner: unknown = maps.get('@queued')?.get(key)
          const [pid, comm]: unknown[] = Array.isArray(owner) ? owner : []
          rows.add('block_io', {
            ...(typeof comm === 'string' ? { comm, pid: Number(pid) } : {}),
            device: device(number),
            operation: operationOf(String(operation)),
            bytes: Number(bytes),
            latency_ns: now - Number(began),
            max_ns: now - Number(began),
            count: 1,
            finished: false,
          })
        }
      },
    }
  })
}
