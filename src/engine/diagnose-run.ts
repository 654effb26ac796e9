/** Evidence to findings, for a run that has ended or whose process died. */
import { diagnose } from '../diagnosis/diagnose.ts'
import { loadPrecedents } from '../diagnosis/precedent/load.ts'
import { openEvidence } from '../evidence/query.ts'
import type { Finding } from '../model/finding.ts'
import type { RunRecord } from '../model/run.ts'

/** What the record of a comparison has as its definition. */
export const COMPARISON = 'compare'

/** Diagnoses the evidence of a run directory, also of one in which two sides were laid together. */
export async function diagnoseRun(directory: string, record: RunRecord): Promise<Finding[]> {
  await using evidence = await openEvidence(directory)
  const findings = await diagnose({ record, evidence, precedents: await loadPrecedents() })
  return record.definition === COMPARISON ? onlyBetween(findings) : findings
}

/**
 * What went on within a side does not tell it from the other: a trend, and who makes what grew when nothing else
 * differs, are never sure. A leak that does tell the sides apart is also a difference of levels.
 */
function onlyBetween(findings: readonly Finding[]): Finding[] {
  const differ = findings.some(
    ({ confident, kind }) => confident && kind !== 'trend' && kind !== 'attribution',
  )
  const isWithin = ({ kind }: Finding): boolean => kind === 'trend' || (kind === 'attribution' && !differ)
  const judged = findings.map((one) => (isWithin(one) ? { ...one, confident: false } : one))
  return judged
    .toSorted((a, b) => Number(b.confident) - Number(a.confident))
    .map((one, index) => ({ ...one, rank: index + 1 }))
}
