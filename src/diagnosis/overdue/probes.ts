/** Probes that run into their timeouts. */
import { probeOutcomes } from '../absence/outcomes.ts'
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, duration, percent, plain } from '../statement/format.ts'
import { fisherExact } from '../stats/fisher.ts'

interface Late {
  late_before: number
  late_during: number
}

/** An attempt counts as timed out when it failed after this share of its timeout. */
const NEAR = 0.9

export async function lateProbes(the: Case): Promise<Candidate[]> {
  if (the.symptom === null) return []
  const candidates: Candidate[] = []
  for (const { probe, node, before, during, stage } of await probeOutcomes(the)) {
    const where = `probe = ${literal(probe.name)} AND node = ${literal(node)}`
    const late = `NOT success AND duration_ns >= ${Math.round(probe.timeoutMs * 1e6 * NEAR)}`
    const [row] = await the.evidence.rows<Late>(`
      SELECT count(*) FILTER (${the.healthy.observed})::DOUBLE AS late_before,
        count(*) FILTER (${the.sick.observed})::DOUBLE AS late_during
      FROM probes WHERE ${where} AND ${late}`)
    if (row === undefined) continue
    const all = during.ok + during.failed
    const allBefore = before.ok + before.failed
    const p = fisherExact(
      row.late_during,
      all - row.late_during,
      row.late_before,
      allBefore - row.late_before,
    )
    const comparison = the.comparisons.make(
      p,
      the.symptom.probes.includes(probe.name) ? 'stated' : 'searched',
    )
    const share = row.late_during / Math.max(1, all)
    if (share < 0.2 || share <= row.late_before / Math.max(1, allBefore)) continue
    const at = stage === '' ? '' : ` at ${plain(stage)}`
    candidates.push({
      kind: 'overdue',
      layer: 'symptom',
      stage: 'symptom',
      subject: { node, probe: probe.name },
      statement:
        `Probe ${plain(probe.name)} (${plain(probe.target)}) ran into its timeout of ${duration(probe.timeoutMs * 1e6)}${at} in ` +
        `${count(row.late_during)} of ${count(all)} attempts while the symptom showed, ${count(row.late_before)} of ` +
        `${count(allBefore)} before.`,
      brief: `Probe ${plain(probe.name)} ran into its timeout of ${duration(probe.timeoutMs * 1e6)} in ${count(row.late_during)} of ${count(all)} attempts`,
      effect: { value: share, unit: 'share', reference: row.late_before / Math.max(1, allBefore) },
      comparison,
      big: share >= 0.5,
      sql: query(`
        SELECT ts, success, duration_ns / 1e6 AS duration_ms, stage, error FROM probes WHERE ${where} AND ts >= ${the.sick.from}
          AND ts < ${the.sick.to} ORDER BY ts`),
      chart: {
        type: 'lines',
        title: `Duration of probe ${plain(probe.name)}, ${percent(share)} timed out`,
        unit: 'ms',
        sql: query(`SELECT ts, duration_ns / 1e6 AS value FROM probes WHERE ${where} ORDER BY ts`),
      },
      about: [`probe:${probe.name}`, 'effect:past-deadline'],
      weight: share,
      key: `late probe ${node} ${probe.name}`,
    })
  }
  return candidates
}
