/**
 * The signature of a run: how it failed, read from its directory, without what varies from run to run.
 *
 * `signatureOf(directory)` may be called as soon as a run has ended, and costs well below a second: it reads run.json,
 * findings.json, the history, the ends of the logs (2 MiB in all) and, of a run in which something showed, the evidence. Pass
 * the signatures of all runs, also of those that passed, to `groupFailures` (group.ts).
 */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isPartOfAReport } from '../../base/kernel-reports/stack.ts'
import { linesOf } from '../../base/lines.ts'
import { kernelReports } from '../../evidence/kernel-reports.ts'
import { openEvidence } from '../../evidence/query.ts'
import type { Evidence } from '../../evidence/query.ts'
import type { Finding } from '../../model/finding.ts'
import type { RunRecord, RunResult } from '../../model/run.ts'
import type { Operation } from '../../plugin/checker.ts'
import { isClientOperation } from '../../plugin/checker.ts'
import { readRunRecord } from '../../store/run-directory.ts'
import { stacks, waits } from './captured.ts'
import { feature } from './feature.ts'
import type { Feature, FeatureKind, Signature } from './feature.ts'
import { logLines } from './log-lines.ts'
import { templateOf } from './template.ts'

const MOST_MESSAGES = 200
const LONGEST_MESSAGE = 500
const MOST_OF_A_KIND = 50
const MOST_LINES_OF_A_VALUE = 20
const MOST_FINDINGS = 8
const MOST_OBSERVATIONS = 4
const MOST_HISTORY_BYTES = 4 * 1024 * 1024
const MOST_KERNEL_RECORDS = 5000
const MOST_PROBE_ERRORS = 50

/** Collects features and what was said. */
interface Notes {
  readonly add: (kind: FeatureKind, text: string, message?: string) => void
  /** Adds the template of a message, if it has one, behind a name. */
  readonly say: (kind: FeatureKind, message: string, name?: string) => void
  readonly unseen: (...kinds: FeatureKind[]) => void
}

/** Reads the signature of a run; a UserError says why it is not the directory of one. */
export async function signatureOf(directory: string): Promise<Signature> {
  const path = resolve(directory)
  const record = await readRunRecord(path)
  const features = new Map<FeatureKind, Set<string>>()
  const unseen = new Set<FeatureKind>()
  const messages = new Set<string>()
  const clean = (text: string): string => text.replaceAll(path, '*').replaceAll(record.id, '*')
  const add: Notes['add'] = (kind, text, message = text) => {
    const texts = features.get(kind) ?? new Set()
    // Those of logs have their own bounds.
    if (texts.has(text) || (kind !== 'log' && kind !== 'complaint' && texts.size >= MOST_OF_A_KIND)) return
    features.set(kind, texts.add(text))
    if (kind !== 'log' && messages.size < MOST_MESSAGES) messages.add(message.slice(0, LONGEST_MESSAGE))
  }
  const notes: Notes = {
    add,
    say: (kind, message, name) => {
      const template = templateOf(clean(message.slice(0, 4000)))
      if (template !== '') add(kind, name === undefined ? template : `${name}: ${template}`, message)
    },
    unseen: (...kinds) => kinds.forEach((kind) => unseen.add(kind)),
  }

  noteRecord(record, notes)
  await noteOperations(join(path, 'history.jsonl'), notes)
  await noteFindings(path, record, notes)
  await noteEvidence(path, record, notes)
  const lines = await logLines(path, clean)
  for (const [template, line] of lines.complaints) notes.add('complaint', template, line)
  for (const template of lines.others.keys()) notes.add('log', template)

  const all = [...features].flatMap(([kind, texts]) => [...texts].map((text) => feature(kind, text)))
  return {
    run: record.id,
    directory: path,
    definition: record.definition,
    verdict: record.verdict,
    failed: hasFailed(record),
    began: record.phases[0]?.from ?? record.states[0]?.at ?? '0',
    at: unexpected(record)[0]?.from ?? record.states.at(-1)?.at ?? '0',
    features: all.toSorted((a: Feature, b: Feature) => (a < b ? -1 : a > b ? 1 : 0)),
    unseen: [...unseen].toSorted(),
    messages: [...messages],
  }
}

const unexpected = ({ symptoms }: RunRecord): RunRecord['symptoms'] =>
  symptoms.filter(({ expected }) => !expected)

/** A run that its user, a signal or the death of Quarry ended has not failed by that. */
const isOurs = (message: string): boolean => /^(?:aborted by |Quarry was killed )/.test(message)

function hasFailed({ verdict, errors }: RunRecord): boolean {
  return verdict === 'fail' || (verdict === 'unknown' && errors.some(({ message }) => !isOurs(message)))
}

function noteRecord(record: RunRecord, { add, say }: Notes): void {
  for (const { name } of unexpected(record)) add('symptom', name)
  // What the built-in checks say is in the symptoms, the operations and the errors.
  for (const { name, checker, verdict, message } of record.checks) {
    if (checker === 'built-in' || verdict === 'pass') continue
    add('check', `${name} is ${verdict}`)
    for (const line of message.split('\n', MOST_LINES_OF_A_VALUE)) say('check', line, name)
  }
  const errors = record.errors.filter(({ message }) => !isOurs(message))
  for (const { state, message } of errors) {
    add('state', state)
    for (const line of message.split('\n', MOST_LINES_OF_A_VALUE)) say('error', line)
  }
}

/** Operations that failed, of modules; those of a load's clients fail in every run with a fault. */
async function noteOperations(file: string, { say }: Notes): Promise<void> {
  try {
    for await (const lines of linesOf(createReadStream(file, { end: MOST_HISTORY_BYTES }), 1e6)) {
      for (const line of lines) {
        if (!line.includes('"kind":"fail"') && !line.includes('"kind":"error"')) continue
        const operation = parsed<Operation>(line)
        if (operation === undefined || isClientOperation(operation)) continue
        const { process, value } = operation
        const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
        for (const part of text.split('\n', MOST_LINES_OF_A_VALUE)) say('operation', part, process)
      }
    }
  } catch {
    // A run that was killed early has none.
  }
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

async function noteFindings(path: string, record: RunRecord, { add, unseen }: Notes): Promise<void> {
  const text = await readFile(join(path, 'findings.json'), 'utf8').catch(() => '')
  const result = parsed<RunResult>(text)
  if (result === undefined || !record.captures.some(({ role }) => role === 'sick')) {
    unseen('finding', 'observation')
    return
  }
  const findings = result.findings.toSorted((a, b) => a.rank - b.rank)
  const sure = findings.filter(({ confident }) => confident).slice(0, MOST_FINDINGS)
  for (const one of sure) add('finding', findingText(one), one.statement)
  const rest = findings.filter(({ confident }) => !confident).slice(0, MOST_OBSERVATIONS)
  for (const one of rest) add('observation', findingText(one), one.statement)
}

/** What kind of statement it is about what, without figures, processes and nodes. */
function findingText({ kind, layer, subject }: Finding): string {
  const about = [
    subject.comm,
    subject.call,
    subject.errno,
    subject.function,
    subject.path,
    subject.metric,
    subject.slab,
    subject.probe,
    subject.timer,
    subject.device,
    subject.collector,
    subject.signature,
  ]
  const words = about.flatMap((word) => (word === undefined ? [] : [templateOf(word) || word.slice(0, 100)]))
  return `${kind} on the ${layer} layer${words.length === 0 ? '' : `: ${words.join(' ')}`}`
}

async function noteEvidence(path: string, record: RunRecord, notes: Notes): Promise<void> {
  await using evidence = await openEvidence(path)
  await noteProbes(evidence, notes)
  await noteKernelLog(evidence, record, notes)
  const ids = (role: string): string[] =>
    record.captures.filter((capture) => capture.role === role).map(({ id }) => id)
  const captures = { sick: ids('sick'), healthy: ids('reference') }
  for (const [kind, read] of [
    ['wait', waits],
    ['stack', stacks],
  ] as const) {
    const texts = await read(evidence, captures)
    if (texts === null) notes.unseen(kind)
    for (const text of texts ?? []) notes.add(kind, text)
  }
}

async function noteProbes(evidence: Evidence, { say }: Notes): Promise<void> {
  const rows = await evidence.rows<{ probe: string; stage: string; error: string }>(`
    SELECT probe, coalesce(stage, '') AS stage, coalesce(error, '') AS error FROM probes WHERE NOT success
    GROUP BY ALL ORDER BY ALL LIMIT ${MOST_PROBE_ERRORS}`)
  for (const { probe, stage, error } of rows) say('probe', error, `${probe} at ${stage}`)
}

/** What the kernel said while the run lasted. */
async function noteKernelLog(evidence: Evidence, record: RunRecord, notes: Notes): Promise<void> {
  const from = BigInt(record.states[0]?.at ?? '0')
  const reports = await kernelReports(evidence)
  for (const { ts, report, said } of reports) if (ts >= from) notes.add('kernel', report.title, said)
  const rows = await evidence.rows<{ message: string; level: string; during: boolean }>(`
    SELECT message, coalesce(level, '') AS level, ts >= ${from} AS during FROM kernel_log
    WHERE message IS NOT NULL GROUP BY ts, node, message, level ORDER BY during DESC, ts, message LIMIT ${MOST_KERNEL_RECORDS}`)
  if (rows.length === 0) notes.unseen('kernel')
  for (const { message, level, during } of rows) {
    if (!during || !/^(?:emerg|alert|crit|err|warn)/.test(level) || isPartOfAReport(message)) continue
    notes.say('complaint', message, 'kernel')
  }
}
