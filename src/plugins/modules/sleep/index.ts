/**
 * Lets time pass. An abort wakes it; for a phase it does so again and again, and the end of the phase wakes it as well.
 * Then it keeps its rate: one that ends late is followed by a shorter one, so that their number tells the time of a phase.
 */
import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'

/** What is later than this is not made up for: the machine was suspended, not busy. */
const MOST_LATE_MS = 1000
/** So many are made up for without a break. */
const MOST_AT_ONCE = 100

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
    let due = performance.now()
    let made = 0
    do {
      context.operation('invoke', properties.duration)
      due = Math.max(due + properties.duration, performance.now() - MOST_LATE_MS)
      try {
        // What is late already does not even wait for a timer, but now and then, so that the end of the phase is seen.
        const isLate = lasts && properties.duration >= 1 && due <= performance.now()
        if (!isLate || ++made % MOST_AT_ONCE === 0) await sleep(due - performance.now(), wake)
      } catch (error) {
        if (signal.aborted) throw error
      }
      context.operation('ok')
    } while (lasts && !endOfPhase.aborted)
  },
})
