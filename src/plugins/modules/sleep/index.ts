/** Lets time pass. An abort wakes it; the end of its phase does as well, when it lasts for the phase. */
import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'

export default defineModule({
  id: 'sleep',
  summary: 'waits for a time',
  needs: [],
  properties: z.strictObject({
    duration: duration.default(60_000).describe('how long to wait, 1m when left out'),
  }),
  lifetime: 'dynamic',
  run: async (context, properties) => {
    context.operation('invoke', properties.duration)
    const { lifetime, endOfPhase, signal } = context
    const wake = lifetime === 'run_to_end_of_phase' ? AbortSignal.any([signal, endOfPhase]) : signal
    try {
      await sleep(properties.duration, wake)
    } catch (error) {
      if (signal.aborted) throw error
    }
    context.operation('ok')
  },
})
