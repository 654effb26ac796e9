import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { bpftraceNeeds, runBpftrace } from '../../tracing/bpftrace.ts'
import { createOffCpuParser } from './parse.ts'

export default defineCollector({
  id: 'perf-off-cpu',
  summary:
    'Sums the time that threads of the targets are off the CPU, by kernel and user stack, with bpftrace',
  needs: bpftraceNeeds('sched:sched_switch', 'sched:sched_process_exit'),
  properties: z.strictObject({
    everybody: z.boolean().default(false).describe('look at all processes, also when there are targets'),
  }),
  tier: 'sample',
  shows: 'what threads wait for when they wait',
  tables: ['stacks'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context, { everybody }) {
    const { targets } = context
    const chosen = everybody ? [] : targets.slice(0, 1000)
    await runBpftrace(context, {
      program: new URL('./off-cpu.bt', import.meta.url),
      prelude:
        chosen.length === 0
          ? ''
          : `BEGIN { @look[0] = 1; ${chosen.map(({ pid }) => `@target[${pid}] = 1;`).join(' ')} }`,
      parser: createOffCpuParser(context.rows, { note: (sentence) => context.note(sentence) }),
    })
  },
})
