/** Absence: what should have happened and did not? */
import type { Analyzer } from '../candidate.ts'
import { deadProbes } from './probes.ts'
import { missingPackets } from './packets.ts'
import { unansweredConnections } from './sockets.ts'
import { silentMetrics } from './metrics.ts'
import { silentThreads } from './threads.ts'

export const absence: Analyzer = {
  kind: 'absence',
  analyze: async (the) => [
    ...(await deadProbes(the)),
    ...(await silentThreads(the)),
    ...(await missingPackets(the)),
    ...(await unansweredConnections(the)),
    ...(await silentMetrics(the)),
  ],
}
