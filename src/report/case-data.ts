/** Everything that a case file shows, read from a run directory: the record, the findings and the rows behind them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../base/errors.ts'
import { nextStep } from '../diagnosis/answer.ts'
import { openEvidence } from '../evidence/query.ts'
import type { Evidence } from '../evidence/query.ts'
import type { Chart, Finding } from '../model/finding.ts'
import type { RunRecord, RunResult } from '../model/run.ts'
import { readRunRecord } from '../store/run-directory.ts'
import { loadProfile } from './profile.ts'
import type { Profile } from './profile.ts'

/** A cell of a query's result, for people: 64-bit integers are exact. */
export type Cell = string | number | bigint | boolean | null | readonly string[]
export type TableRow = Readonly<Record<string, Cell>>

/** A finding with what its chart and its query gave; `error` when they could not be run. */
export interface ShownFinding {
  readonly finding: Finding
  readonly chart: { readonly spec: Chart; readonly rows: readonly TableRow[] } | null
  readonly rows: readonly TableRow[]
  readonly error: string | null
}

export interface ProbePoint {
  readonly ts: bigint
  readonly probe: string
  readonly success: boolean
  readonly duration_ns: bigint
}

export interface CaseData {
  readonly record: RunRecord
  readonly result: RunResult
  readonly nextStep: string
  readonly findings: readonly ShownFinding[]
  readonly probes: readonly ProbePoint[]
  readonly profile: Profile
  readonly facts: readonly { readonly key: string; readonly value: string; readonly node: string }[]
  /** Times of the case, ns since the epoch. */
  readonly from: bigint
  readonly to: bigint
}

const CHART_ROWS = 5000
const TABLE_ROWS = 20
const FACTS = 2000

/** Reads a run directory; a query that fails is shown as failed, and spoils nothing else. */
export async function loadCase(directory: string): Promise<CaseData> {
  const record = await readRunRecord(directory)
  const result = JSON.parse(await readFile(join(directory, 'findings.json'), 'utf8')) as RunResult
  await using evidence = await openEvidence(directory)
  const findings: ShownFinding[] = []
  for (const finding of result.findings) findings.push(await showFinding(finding, evidence))
  const at = record.states.map((one) => BigInt(one.at))
  const from = at[0] ?? 0n
  return {
    record,
    result,
    nextStep: nextStep(record, result.findings),
    findings,
    probes: await evidence.rows<ProbePoint>(
      'SELECT ts, probe, success, duration_ns FROM probes ORDER BY probe, ts',
    ),
    profile: await loadProfile(evidence, record),
    facts: await evidence.rows(
      `SELECT DISTINCT key, value, node FROM facts ORDER BY key, node LIMIT ${FACTS}`,
    ),
    from,
    to: at.at(-1) ?? from,
  }
}

async function showFinding(finding: Finding, evidence: Evidence): Promise<ShownFinding> {
  const { chart: spec, sql } = finding
  try {
    const rows = await evidence.rows<TableRow>(`SELECT * FROM (${bare(sql)}) LIMIT ${TABLE_ROWS}`)
    const chart =
      spec === undefined
        ? null
        : {
            spec,
            rows:
              spec.type === 'flame'
                ? []
                : await evidence.rows<TableRow>(`SELECT * FROM (${bare(spec.sql)}) LIMIT ${CHART_ROWS}`),
          }
    return { finding, chart, rows, error: null }
  } catch (error) {
    return { finding, chart: null, rows: [], error: messageOf(error) }
  }
}

const bare = (sql: string): string => sql.trim().replace(/;$/, '')
