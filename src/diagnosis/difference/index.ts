/** Difference: what differs, sick against healthy? */
import type { Analyzer } from '../candidate.ts'
import { slowCalls } from './calls.ts'
import { slowDevices } from './devices.ts'
import { changedFacts, peerFacts } from './facts.ts'
import { changedMetrics } from './metrics.ts'
import { slowProbes } from './probes.ts'
import { symptomMetrics } from './symptom.ts'
import { hotFunctions } from './profile.ts'
import { grownSlabs } from './slabs.ts'
import { filledQueues } from './sockets.ts'
import { blockedThreads } from './threads.ts'

export const difference: Analyzer = {
  kind: 'difference',
  analyze: async (the) => {
    const shown = [...(await slowProbes(the)), ...(await symptomMetrics(the))]
    const calls = await slowCalls(the, shown)
    return [
      ...shown,
      ...calls,
      ...(await hotFunctions(the, calls)),
      ...(await slowDevices(the)),
      ...(await grownSlabs(the)),
      ...(await blockedThreads(the)),
      ...(await filledQueues(the)),
      ...(await changedMetrics(the)),
      ...(await changedFacts(the)),
      ...(await peerFacts(the)),
    ]
  },
}
