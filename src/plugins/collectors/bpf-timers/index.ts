import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { bpftraceNeeds, runBpftrace } from '../../tracing/bpftrace.ts'
import { createTimersParser } from './parse.ts'

export default defineCollector({
  id: 'bpf-timers',
  summary: 'Counts high-resolution timers by function and process, how late they are and which are overdue',
  needs: bpftraceNeeds('timer:hrtimer_start', 'timer:hrtimer_expire_entry', 'timer:hrtimer_cancel'),
  properties: z.strictObject({}),
  tier: 'trace',
  shows: 'who arms which timers, how late they fire, which do not',
  tables: ['timers'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context) {
    await runBpftrace(context, {
      program: new URL('./timers.bt', import.meta.url),
      parser: createTimersParser(context.rows, { note: (sentence) => context.note(sentence) }),
    })
  },
})
