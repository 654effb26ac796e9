/** Lets time pass. An abort wakes it; for a phase it does so again and again, and the end of the phase wakes it as well. */
import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'

export default defineModule({
  id: 'sleep',
  summary: 'waits for a time; for the time of a phase, again and again',
  needs: [],
  properties: z.strictObject({
    duration: duration.default(60_000).describe('how long to wait, 1m when left out'),
  }),
  lifetime: 'dynamic',
  run: async (context, properties) => {
    const { lifetime, endOfPhase, signal } = context
    const lasts = lifetime === 'run_to_end_of_phase'
    const wake = lasts ? AbortSignal.any([signal, endOfPhase]) : signal
    do {
      context.operation('invoke', properties.duration)
      try {
        await sleep(properties.duration, wake)
      } catch (error) {
        if (signal.aborted) throw error
      }
      context.operation('ok')
    } while (lasts && !endOfPhase.aborted)
  },
})
