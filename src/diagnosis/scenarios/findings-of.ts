/** Diagnoses a made-up run. Set SHOW=1 to read what it says. */
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Finding } from '../../model/finding.ts'
import type { RowSink } from '../../plugin/evidence.ts'
import { answerOf } from '../answer.ts'
import { diagnose } from '../diagnose.ts'
import { loadPrecedents } from '../precedent/load.ts'
import type { SyntheticRun } from '../synthetic-run.ts'

const precedents = join(import.meta.dirname, '..', 'precedents')

export type Sink = (collector: string) => RowSink

/** Findings of a run; the query of each, and of its chart, is run: it must show rows. */
export async function findingsOf(run: SyntheticRun): Promise<Finding[]> {
  const { record, evidence } = await run.open()
  const findings = await diagnose({ record, evidence, precedents: await loadPrecedents([precedents]) })
  expect(answerOf(record, findings).length).toBeLessThan(1000)
  if (process.env['SHOW'] !== undefined) {
    process.stderr.write(`${answerOf(record, findings)}\n`)
    for (const { rank, kind, layer, confident, confidence, statement } of findings) {
      process.stderr.write(`${rank} ${kind} ${layer} ${confident} ${confidence.toFixed(4)} ${statement}\n`)
    }
  }
  for (const finding of findings) {
    const { chart } = finding
    for (const sql of [finding.sql, ...(chart !== undefined && 'sql' in chart ? [chart.sql] : [])]) {
      const rows = await evidence.rows(sql)
      if (finding.kind !== 'precedent' && finding.kind !== 'intervention') expect(rows, sql).not.toEqual([])
    }
  }
  return findings
}

export const confidentOf = async (run: SyntheticRun): Promise<Finding[]> =>
  (await findingsOf(run)).filter((finding) => finding.confident)
