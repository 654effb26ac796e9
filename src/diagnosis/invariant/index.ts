/** Invariant: what contradicts itself? */
import type { Analyzer } from '../candidate.ts'
import { reported } from '../case/reported.ts'
import { idleWhileRunnable } from './idle.ts'
import { pendingWhileAsleep } from './pending.ts'
import { unaccountedMemory } from './memory.ts'
import { idlePools } from './pools.ts'
import { stoppedProcesses } from './stopped.ts'
import { unorderedTimers } from './timers.ts'

export const invariant: Analyzer = {
  kind: 'invariant',
  analyze: async (the) => [
    ...(await pendingWhileAsleep(the)),
    ...(await idlePools(the)),
    ...(await stoppedProcesses(the)),
    ...(await unorderedTimers(the)),
    ...(await idleWhileRunnable(the)),
    ...(await unaccountedMemory(the)),
    ...(await reported(the, 'invariant')),
  ],
}
