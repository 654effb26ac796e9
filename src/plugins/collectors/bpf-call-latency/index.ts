import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import { bpftraceNeeds, runBpftrace, syscallsOf } from '../../tracing/bpftrace.ts'
import { callUnderWay } from '../../tracing/open-calls.ts'
import { absolutePath, pathPrelude } from '../../tracing/path-calls.ts'
import type { SyscallTable } from '../../tracing/syscall-names.ts'
import { createCallLatencyParser, type Caller, type OpenCall } from './parse.ts'

export default defineCollector({
  id: 'bpf-call-latency',
  summary: 'Measures the time in system calls by command, call and path, and finds calls that do not return',
  needs: bpftraceNeeds('raw_syscalls:sys_enter', 'raw_syscalls:sys_exit', 'sched:sched_process_exit'),
  properties: z.strictObject({}),
  tier: 'trace',
  shows: 'which system call is slow, of whom, on which path, and which has not returned',
  tables: ['syscalls'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context) {
    const calls = await syscallsOf(context)
    const { files } = context.node
    await runBpftrace(context, {
      program: new URL('./call-latency.bt', import.meta.url),
      prelude: pathPrelude(calls),
      parser: createCallLatencyParser(context.rows, {
        calls,
        note: (sentence) => context.note(sentence),
        absolute: (pid, directoryFd, path) => absolutePath(files, pid, directoryFd, path),
        caller: (open) => callerOf(files, calls, open),
      }),
    })
  },
})

/** A moment has passed since the tool looked: it is the same call only when its arguments are the same. */
function callerOf(files: FileView, calls: SyscallTable, open: OpenCall): Caller | undefined {
  const found = callUnderWay(files, calls, open.tid)
  if (found?.call !== open.call) return undefined
  const [first, second] = found.arguments.map(Number)
  if (first !== open.arguments[0] || second !== open.arguments[1]) return undefined
  const { pid, comm, path, fd } = found
  return { pid, comm, ...(path === undefined ? {} : { path }), ...(fd === undefined ? {} : { fd }) }
}
