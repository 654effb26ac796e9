/**
 * Sick against healthy: the rows of two sides laid into one new run directory, the healthy side moved in time to right
 * before the sick one, so that everything that diagnoses a run diagnoses a comparison.
 */
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { systemClock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { openEvidenceWriter } from '../evidence/writer.ts'
import type { CaptureRecord, CheckRecord, RunRecord, RunResult } from '../model/run.ts'
import type { Verdict } from '../model/verdict.ts'
import { createRunDirectory, newRunId } from '../store/run-directory.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import { copyEvidence } from './copy-evidence.ts'
import { COMPARISON, diagnoseRun } from './diagnose-run.ts'
import { resultOf } from './run.ts'
import type { Side } from './side.ts'
import { quarryVersion } from './version.ts'

const GAP_NS = 1_000_000_000n

/**
 * Compares and diagnoses; the verdict is `fail` when a difference is sure, for then the sides are not alike, and
 * `unknown` when a side has no evidence. A comparison that fails leaves no directory.
 */
export async function compare(
  sick: Side,
  healthy: Side,
  root: string,
  report: (directory: string) => Promise<void>,
): Promise<RunResult> {
  const refused = (error: Error): never => {
    throw error
  }
  const directory = await createRunDirectory(root, newRunId('compare', new Date()), refused)
  try {
    const result = await compareIn(directory, sick, healthy)
    await report(directory.path)
    return result
  } catch (error) {
    await rm(directory.path, { recursive: true, force: true })
    throw error
  } finally {
    await directory.close()
  }
}

async function compareIn(directory: RunDirectory, sick: Side, healthy: Side): Promise<RunResult> {
  const shift = sick.from - GAP_NS - healthy.to
  const empty: CheckRecord[] = []
  {
    await using writer = openEvidenceWriter(directory.path, { clock: systemClock() })
    if ((await copyEvidence(sick, 'sick-1', 0n, writer)) === 0) empty.push(emptySide('sick', sick))
    if ((await copyEvidence(healthy, 'reference-1', shift, writer)) === 0)
      empty.push(emptySide('healthy', healthy))
  }
  const record = { ...recordOf(sick, healthy, shift, directory.id), checks: empty }
  directory.save(record)
  const findings = await diagnoseRun(directory.path, record)
  const differ = findings.some(({ confident }) => confident)
  const verdict: Verdict = empty.length > 0 ? 'unknown' : differ ? 'fail' : 'pass'
  const judged = { ...record, verdict }
  directory.save(judged)
  const told = resultOf(judged, directory.path, findings)
  const answer = empty.map(({ message }) => `${message}.`).join(' ')
  const result = empty.length === 0 ? told : { ...told, answer: `${record.description}. ${answer}` }
  directory.write('findings.json', `${JSON.stringify(result, null, 2)}\n`)
  return result
}

/** Against nothing, nothing can be told apart: that is not a pass. */
function emptySide(name: string, { record, node, from, to }: Side): CheckRecord {
  const began = BigInt(record.states[0]?.at ?? 0)
  const since = (at: bigint): string => formatDuration(Number(at - began) / 1e6)
  const where = node === null ? '' : ` of ${node}`
  const message = `The ${name} side has no evidence${where}: run ${record.id} holds no row from ${since(from)} to ${since(to)}`
  return { name: `${name} side`, checker: 'compare', verdict: 'unknown', message }
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
    definition: COMPARISON,
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
