/** Everything that a case file shows, read from a run directory: the record, the findings and the rows behind them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { nextStep } from '../diagnosis/answer.ts'
import { openEvidence } from '../evidence/query.ts'
import type { RunRecord, RunResult } from '../model/run.ts'
import { readRunRecord } from '../store/run-directory.ts'
import { loadConditions } from './conditions.ts'
import type { ConditionChart } from './conditions.ts'
import { loadProbeSpans } from './probe-spans.ts'
import type { ProbeSpan } from './probe-spans.ts'
import { loadProfiles } from './profile.ts'
import type { Profile } from './profile.ts'
import { showFindings } from './shown-findings.ts'
import type { ShownFinding } from './shown-findings.ts'
import { observedSpan, onsetSpan } from './time-span.ts'
import type { TimeSpan } from './time-span.ts'

export interface Fact {
  readonly key: string
  readonly value: string
  readonly node: string
}

export interface CaseData {
  readonly record: RunRecord
  readonly result: RunResult
  readonly nextStep: string
  readonly findings: readonly ShownFinding[]
  readonly conditions: readonly ConditionChart[]
  readonly probes: readonly ProbeSpan[]
  readonly profiles: readonly Profile[]
  readonly facts: readonly Fact[]
  /** The time that was observed. */
  readonly span: TimeSpan
  /** The time around the onset of the symptom; the whole where the case is short. */
  readonly onset: TimeSpan
}

const MOST_FACTS = 2000

/** Reads a run directory. Throws a UserError when it holds no run, or one that was not diagnosed. */
export async function loadCase(directory: string): Promise<CaseData> {
  const record = await readRunRecord(directory)
  const result = await readResult(directory)
  const span = observedSpan(record)
  const onset = onsetSpan(record, span)
  await using evidence = await openEvidence(directory)
  return {
    record,
    result,
    nextStep: nextStep(record, result.findings) ?? '',
    findings: await showFindings(result.findings, evidence),
    conditions: await loadConditions(evidence, record, onset),
    probes: await loadProbeSpans(evidence, span.from, span.to),
    profiles: await loadProfiles(evidence, record),
    facts: await evidence.rows<Fact>(
      `SELECT DISTINCT key, coalesce(value, '') AS value, node FROM facts ORDER BY key, node LIMIT ${MOST_FACTS}`,
    ),
    span,
    onset,
  }
}

async function readResult(directory: string): Promise<RunResult> {
  const file = join(directory, 'findings.json')
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunResult
  } catch (error) {
    throw new UserError(`${file} cannot be read: the run has not ended, or was not diagnosed`, {
      code: 'QUARRY_NO_FINDINGS',
      remedy: `quarry diagnose ${directory}`,
      cause: error,
    })
  }
}
