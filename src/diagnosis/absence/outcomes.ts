/** Which probes died with the symptom, and which live on. */
import type { ProbeRecord } from '../../model/run.ts'
import type { Case } from '../case/case.ts'
import { fisherExact } from '../stats/fisher.ts'

export interface Outcome {
  readonly probe: ProbeRecord
  readonly node: string
  /** Successes and failures of the attempts that began and ended on that side. */
  readonly before: { readonly ok: number; readonly failed: number }
  readonly during: { readonly ok: number; readonly failed: number }
  /** How far failed attempts came, most often. */
  readonly stage: string
  readonly error: string
  readonly state: 'dead' | 'live' | 'other'
  /** Fisher's exact test of both sides. */
  readonly p: number
}

/** Rates of success that count as living and as dead. */
const LIVES = 0.8
const DEAD = 0.2
const LEAST_ATTEMPTS = 2

/** Outcomes of every probe that was tried on both sides. */
export async function probeOutcomes(the: Case): Promise<Outcome[]> {
  interface Counts {
    probe: string
    node: string
    ok_before: number
    failed_before: number
    ok_during: number
    failed_during: number
    stage: string | null
    error: string | null
  }
  // An attempt that hung, and was answered as the cure came, says nothing of how it was before.
  const cure = the.sick.captures
    .flatMap(({ rungs }) => rungs)
    .find(({ symptomAfter }) => symptomAfter === false)
  const during = `${the.sick.observed}${cure === undefined ? '' : ` AND ts + duration_ns < ${cure.from}`}`
  const rows = await the.evidence.rows<Counts>(`
    SELECT probe, node,
      count(*) FILTER (success AND ${the.healthy.observed})::DOUBLE AS ok_before,
      count(*) FILTER (NOT success AND ${the.healthy.observed})::DOUBLE AS failed_before,
      count(*) FILTER (success AND ${during})::DOUBLE AS ok_during,
      count(*) FILTER (NOT success AND ${during})::DOUBLE AS failed_during,
      mode(stage) FILTER (NOT success AND ${during}) AS stage,
      mode(error) FILTER (NOT success AND ${during}) AS error
    FROM probes GROUP BY probe, node ORDER BY probe, node`)
  return rows.flatMap((row) => {
    const probe = the.record.probes.find(({ name }) => name === row.probe)
    const before = { ok: row.ok_before, failed: row.failed_before }
    const then = { ok: row.ok_during, failed: row.failed_during }
    if (probe === undefined || then.ok + then.failed < LEAST_ATTEMPTS || before.ok + before.failed === 0)
      return []
    const well = before.ok / (before.ok + before.failed)
    const now = then.ok / (then.ok + then.failed)
    const state = well >= LIVES && now <= DEAD ? 'dead' : now >= LIVES ? 'live' : 'other'
    const p = fisherExact(before.ok, before.failed, then.ok, then.failed)
    return [
      {
        probe,
        node: row.node,
        before,
        during: then,
        stage: row.stage ?? '',
        error: row.error ?? '',
        state,
        p,
      },
    ]
  })
}
