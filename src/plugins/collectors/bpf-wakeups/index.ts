import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { bpftraceNeeds, runBpftrace } from '../../tracing/bpftrace.ts'
import { createWakeupsParser } from './parse.ts'

export default defineCollector({
  id: 'bpf-wakeups',
  summary:
    'Counts who wakes whom, and measures how long the woken wait for a CPU and who keeps them waiting for a lock',
  needs: bpftraceNeeds(
    'sched:sched_waking',
    'sched:sched_switch',
    'sched:sched_process_exit',
    'syscalls:sys_enter_futex',
    'syscalls:sys_exit_futex',
  ),
  properties: z.strictObject({}),
  tier: 'trace',
  shows: 'which threads are woken, by whom, which have to wait for a CPU, and who holds a lock for how long',
  tables: ['wakeups', 'locks'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context) {
    await runBpftrace(context, {
      program: new URL('./wakeups.bt', import.meta.url),
      parser: createWakeupsParser(context.rows, { note: (sentence) => context.note(sentence) }),
    })
  },
})
