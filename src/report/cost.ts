/** What observing cost: CPU time and time of each collector, over all its rungs. */
import type { RunRecord } from '../model/run.ts'
import type { Tier } from '../model/tier.ts'

export interface CollectorCost {
  readonly collector: string
  readonly tier: Tier
  /** How often it looked. */
  readonly turns: number
  readonly cpuNs: number
  /** Time that its turns took, ns. */
  readonly wallNs: number
  readonly rows: number
}

/** Collectors that looked, the dearest first. */
export function collectorCosts(record: Pick<RunRecord, 'captures'>): readonly CollectorCost[] {
  const looked = record.captures.flatMap(({ rungs }) =>
    rungs.filter(({ status }) => status !== 'missing' && status !== 'skipped'),
  )
  return [...Map.groupBy(looked, ({ collector }) => collector)]
    .map(([collector, rungs]) => ({
      collector,
      tier: rungs[0]?.tier ?? 'read',
      turns: rungs.length,
      cpuNs: rungs.reduce((sum, rung) => sum + rung.costCpuNs, 0),
      wallNs: rungs.reduce((sum, rung) => sum + Number(BigInt(rung.to) - BigInt(rung.from)), 0),
      rows: rungs.reduce((sum, rung) => sum + rung.rows, 0),
    }))
    .toSorted((a, b) => b.cpuNs - a.cpuNs || a.collector.localeCompare(b.collector))
}
