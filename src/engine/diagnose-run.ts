/** Evidence to findings, for a run that has ended or whose process died. */
import { diagnose } from '../diagnosis/diagnose.ts'
import { loadPrecedents } from '../diagnosis/precedent/load.ts'
import { openEvidence } from '../evidence/query.ts'
import type { Finding } from '../model/finding.ts'
import type { RunRecord } from '../model/run.ts'

/** Diagnoses the evidence of a run directory. */
export async function diagnoseRun(directory: string, record: RunRecord): Promise<Finding[]> {
  await using evidence = await openEvidence(directory)
  return await diagnose({ record, evidence, precedents: await loadPrecedents() })
}
