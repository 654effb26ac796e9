import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { bpftraceNeeds, runBpftrace } from '../../tracing/bpftrace.ts'
import { createWakeupsParser } from './parse.ts'

export default defineCollector({
  id: 'bpf-wakeups',
  summary: 'Counts who wakes whom and measures how long the woken wait for a CPU, with bpftrace',
  needs: bpftraceNeeds('sched:sched_waking', 'sched:sched_switch', 'sched:sched_process_exit'),
  properties: z.strictObject({}),
  tier: 'trace',
  shows: 'which threads are woken, by whom, and which have to wait for a CPU',
  tables: ['wakeups'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context) {
    await runBpftrace(context, {
      program: new URL('./wakeups.bt', import.meta.url),
      parser: createWakeupsParser(context.rows, { note: (sentence) => context.note(sentence) }),
    })
  },
})
