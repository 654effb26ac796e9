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
    everybody: z
      .boolean()
      .default(false)
      .describe('look at all processes, which costs a CPU for some seconds; otherwise only at targets'),
  }),
  tier: 'sample',
  shows: 'what threads wait for when they wait',
  tables: ['stacks'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context, { everybody }) {
    if (!everybody && context.targets.length === 0) {
      // Symbols for the stacks of a whole host take longer than anybody wants to wait on the way to a cure.
      context.note('the symptom points at no process; `everybody: true` looks at all')
      return
    }
    const chosen = everybody ? [] : context.targets.slice(0, 1000)
    // Process 0, which idles, gives the map its type; the program passes it over.
    const look = [`@look[0] = ${chosen.length > 0 ? 1 : 0};`, '@target[0] = 1;']
    look.push(...chosen.map(({ pid }) => `@target[${pid}] = 1;`))
    await runBpftrace(context, {
      program: new URL('./off-cpu.bt', import.meta.url),
      prelude: `BEGIN { ${look.join(' ')} }`,
      parser: createOffCpuParser(context.rows, { note: (sentence) => context.note(sentence) }),
    })
  },
})
