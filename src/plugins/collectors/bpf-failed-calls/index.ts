import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { bpftraceNeeds, runBpftrace, syscallsOf } from '../../tracing/bpftrace.ts'
import { absolutePath, pathPrelude } from '../../tracing/path-calls.ts'
import { createFailedCallsParser } from './parse.ts'

export default defineCollector({
  id: 'bpf-failed-calls',
  summary: 'Counts failed system calls of all processes by command, error and path, with bpftrace',
  needs: bpftraceNeeds('raw_syscalls:sys_enter', 'raw_syscalls:sys_exit'),
  properties: z.strictObject({}),
  tier: 'trace',
  shows: 'who fails at which system call, how often, and on which paths',
  tables: ['syscalls'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context) {
    const calls = await syscallsOf(context)
    const { files } = context.node
    await runBpftrace(context, {
      program: new URL('./failed-calls.bt', import.meta.url),
      prelude: pathPrelude(calls),
      parser: createFailedCallsParser(context.rows, {
        calls,
        note: (sentence) => context.note(sentence),
        absolute: (pid, directoryFd, path) => absolutePath(files, pid, directoryFd, path),
      }),
    })
  },
})
