/**
 * Maps of failed-calls.bt -> `syscalls`.
 *
 * Each failure is in two kinds of rows; a query takes one of them:
 * - `args` = 'total': exact, by (comm, pid, call, errno); `path` is null.
 * - `args` = 'sampled path': by (pid, call, errno, path); `count` is an estimate whose sum over the paths is, in
 *   expectation, that of the total. Exact up to 256 failures of one command, call and error. Only calls that take a path.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import {
  bpftraceParser,
  type BpftraceParserOptions,
  headParts,
  tailParts,
} from '../../tracing/bpftrace-output.ts'
import { errnoName } from '../../tracing/errno-names.ts'
import type { SyscallTable } from '../../tracing/syscall-names.ts'

export interface FailedCallsOptions extends BpftraceParserOptions {
  readonly calls: SyscallTable
  /** Makes an absolute path of one that is relative to a descriptor of a process, as far as it can. */
  readonly absolute: (pid: number, directoryFd: number, path: string) => string
}

/** Parses the output of failed-calls.bt. */
export function createFailedCallsParser(
  sink: RowSink,
  { calls, absolute, note }: FailedCallsOptions,
): Parser {
  return bpftraceParser(sink, { note }, (rows) => {
    const paths: { pid: number; call: number; error: number; path: string; count: number }[] = []
    // Command names by process, call and error, and by process alone: path rows do not carry theirs.
    const comms = new Map<string, string>()
    return {
      map: (name, entries) => {
        for (const [key, value] of entries) {
          if (typeof value !== 'number') continue
          if (name === '@total') {
            const [comm, pid, call, error] = tailParts(key, 4) ?? []
            if (comm === undefined) continue
            comms.set(`${pid},${call},${error}`, comm).set(String(pid), comm)
            rows.add('syscalls', {
              comm,
              pid: Number(pid),
              call: calls.name(Number(call)),
              errno: errnoName(Number(error)),
              args: 'total',
              count: value,
              finished: true,
            })
          } else if (name === '@path') {
            const [pid, call, error, directoryFd, path] = headParts(key, 5) ?? []
            if (path === undefined) continue
            paths.push({
              pid: Number(pid),
              call: Number(call),
              error: Number(error),
              path: absolute(Number(pid), Number(directoryFd), path),
              count: value,
            })
          }
        }
      },
      end: () => {
        for (const { pid, call, error, path, count } of paths) {
          // Could not be read.
          if (path === '') continue
          const comm = comms.get(`${pid},${call},${error}`) ?? comms.get(String(pid))
          rows.add('syscalls', {
            ...(comm === undefined ? {} : { comm }),
            pid,
            call: calls.name(call),
            errno: errnoName(error),
            args: 'sampled path',
            path,
            count,
            finished: true,
          })
        }
      },
    }
  })
}
