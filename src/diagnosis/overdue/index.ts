/** Overdue: what is past its own deadline? */
import type { Analyzer } from '../candidate.ts'
import { reported } from '../case/reported.ts'
import { unfinishedCalls } from './calls.ts'
import { unservedListeners } from './listeners.ts'
import { lateProbes } from './probes.ts'
import { overdueThreads } from './threads.ts'
import { restartedWaits } from './restarted.ts'
import { lateTimers } from './timers.ts'

export const overdue: Analyzer = {
  kind: 'overdue',
  analyze: async (the) => [
    ...(await lateProbes(the)),
    ...(await overdueThreads(the)),
    ...(await restartedWaits(the)),
    ...(await lateTimers(the)),
    ...(await unfinishedCalls(the)),
    ...(await unservedListeners(the)),
    ...(await reported(the, 'overdue')),
  ],
}
