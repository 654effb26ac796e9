/**
 * Sick against healthy: the rows of two sides laid into one new run directory, the healthy side moved in time to right
 * before the sick one, so that everything that diagnoses a run diagnoses a comparison.
 */
import { hostname } from 'node:os'
import { systemClock } from '../base/clock.ts'
import { openEvidenceWriter } from '../evidence/writer.ts'
import type { CaptureRecord, RunRecord, RunResult } from '../model/run.ts'
import { createRunDirectory, newRunId } from '../store/run-directory.ts'
import { copyEvidence } from './copy-evidence.ts'
import { diagnoseRun } from './diagnose-run.ts'
import { resultOf } from './run.ts'
import type { Side } from './side.ts'
import { quarryVersion } from './version.ts'

const GAP_NS = 1_000_000_000n

/** Compares and diagnoses; the verdict is `fail` when a difference is sure, for then the sides are not alike. */
export async function compare(
  sick: Side,
  healthy: Side,
  root: string,
  report: (directory: string) => Promise<void>,
): Promise<RunResult> {
  const clock = systemClock()
  const refused = (error: Error): never => {
    throw error
  }
  const directory = await createRunDirectory(root, newRunId('compare', new Date()), refused)
  const shift = sick.from - GAP_NS - healthy.to
  {
    await using writer = openEvidenceWriter(directory.path, { clock })
    await copyEvidence(sick, 'sick-1', 0n, writer)
    await copyEvidence(healthy, 'reference-1', shift, writer)
  }
  const record = recordOf(sick, healthy, shift, directory.id)
  directory.save(record)
  const findings = await diagnoseRun(directory.path, record)
  const verdict = findings.some(({ confident }) => confident) ? 'fail' : 'pass'
  const judged = { ...record, verdict } as const
  directory.save(judged)
  const result = resultOf(judged, directory.path, findings)
  directory.write('findings.json', `${JSON.stringify(result, null, 2)}\n`)
  await report(directory.path)
  await directory.close()
  return result
}

/** The record of a run that was healthy for the length of the one side and sick for that of the other. */
function recordOf(sick: Side, healthy: Side, shift: bigint, id: string): RunRecord {
  const from = String(healthy.from + shift)
  const onset = String(sick.from)
  const to = String(sick.to)
  const name = 'sick against healthy'
  const when = `${sick.record.id} against ${healthy.record.id}`
  const cost = { observerCpuNs: 0, wallNs: Number(sick.to - sick.from) }
  const captures = [
    ...merged(healthy.captures, 'reference-1', 'reference', null, shift),
    ...merged(sick.captures, 'sick-1', 'sick', name, 0n),
  ]
  const probes = sick.record.symptoms[0]?.probes ?? []
  const symptom = { name, when, from: onset, to: null, expected: false, series: [], probes, curedBy: null }
  return {
    version: 1,
    id,
    definition: 'compare',
    description: `Compared: ${when}`,
    parameters: {},
    state: 'ended',
    failedDuring: null,
    errors: [],
    partial: false,
    phases: [],
    checks: [],
    cost,
    verdict: null,
    states: [
      {
        state: 'running',
        at: from,
      },
      {
        state: 'ended',
        at: to,
      },
    ],
    nodes: sick.record.nodes,
    probes: sick.record.probes,
    symptoms: [symptom],
    captures,
    notLookedAt: [...sick.record.notLookedAt, ...healthy.record.notLookedAt],
    host: hostname(),
    quarry: quarryVersion,
  }
}

/** Several captures of one side are told as one. */
function merged(
  captures: readonly CaptureRecord[],
  id: string,
  role: CaptureRecord['role'],
  symptom: string | null,
  shift: bigint,
): CaptureRecord[] {
  const [first] = captures
  const last = captures.at(-1)
  if (first === undefined || last === undefined) return []
  const move = (at: string): string => String(BigInt(at) + shift)
  const rungs = captures.flatMap((capture) => capture.rungs)
  return [
    {
      id,
      role,
      symptom,
      from: move(first.from),
      to: last.to === null ? null : move(last.to),
      targets: captures.flatMap((capture) => capture.targets),
      rungs: rungs.map((rung) => ({
        ...rung,
        // What a rung did to a symptom belongs to the run it was taken in, not to the comparison.
        from: move(rung.from),
        to: move(rung.to),
        symptomBefore: null,
        symptomAfter: null,
        raw: [],
      })),
    },
  ]
}
