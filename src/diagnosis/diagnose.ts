/** Evidence to findings: eight kinds of inference, one correction for all their comparisons, one order. */
import { createHash } from 'node:crypto'
import type { Evidence } from '../evidence/query.ts'
import type { Finding } from '../model/finding.ts'
import type { RunRecord } from '../model/run.ts'
import { absence } from './absence/index.ts'
import { attribution } from './attribution/index.ts'
import type { Analyzer, Candidate } from './candidate.ts'
import { openCase, type Case } from './case/case.ts'
import { classesOf, type FailureClass } from './classes.ts'
import { difference } from './difference/index.ts'
import { focus } from './focus.ts'
import { intervention } from './intervention/index.ts'
import { invariant } from './invariant/index.ts'
import { overdue } from './overdue/index.ts'
import { matchPrecedents } from './precedent/match.ts'
import type { Precedent } from './precedent/model.ts'
import { areRelated, rank, type Judged } from './rank.ts'
import { trend } from './trend/index.ts'

/** Corrected confidence from which a statement is made. */
const CONFIDENT = 0.95

/** In the order in which they build on each other: who does it needs to know what grew. */
const analyzers: readonly Analyzer[] = [
  difference,
  trend,
  overdue,
  invariant,
  absence,
  attribution,
  intervention,
]

export interface Diagnosis {
  readonly record: RunRecord
  readonly evidence: Evidence
  readonly precedents: readonly Precedent[]
}

/** Findings of a run, ranked. Without a symptom only violations that stand by themselves can be confident. */
export async function diagnose({ record, evidence, precedents }: Diagnosis): Promise<Finding[]> {
  const the = openCase(record, evidence)
  const found: Candidate[] = []
  for (const analyzer of analyzers) found.push(...(await analyzer.analyze(the, found)))
  const ranked = rank(judge(the, focus(the, found)))
  const classes = classesOf(ranked.filter(({ confident }) => confident).map(({ candidate }) => candidate))
  const known = ranked.map((one, i) => {
    const failure = classes.find(({ carriedBy }) => carriedBy.includes(one.candidate))
    return { finding: findingOf(one, i + 1, ranked, failure, classes), failureClass: failure?.name }
  })
  const seen = await matchPrecedents(the, known, precedents)
  return withPrecedents(
    known.map(({ finding }) => finding),
    seen,
  )
}

/** Confident: sure after correction, big enough, and either explaining a symptom or wrong by itself. */
function judge(the: Case, found: readonly Candidate[]): Judged[] {
  const confidences = the.comparisons.confidences()
  return found.map((candidate) => {
    const confidence = candidate.comparison === null ? 0 : (confidences.get(candidate.comparison) ?? 0)
    const matters = the.symptom !== null || candidate.standsAlone === true
    const confident = candidate.comparison !== null && candidate.big && matters && confidence >= CONFIDENT
    return { candidate, confidence, confident }
  })
}

function findingOf(
  { candidate, confidence, confident }: Judged,
  position: number,
  ranked: readonly Judged[],
  failure: FailureClass | undefined,
  classes: readonly FailureClass[],
): Finding {
  // The class is told once, by the last of its carriers: there the reader has seen all that it follows from.
  const last =
    failure === undefined ? undefined : ranked.findLast((one) => failure.carriedBy.includes(one.candidate))
  const tells = failure !== undefined && last?.candidate === candidate && classes.includes(failure)
  const related = ranked
    .filter((one) => areRelated(candidate, one.candidate))
    .map((one) => idOf(one.candidate))
  return {
    id: idOf(candidate),
    rank: position,
    kind: candidate.kind,
    layer: candidate.layer,
    confident,
    subject: { ...candidate.subject, ...(failure === undefined ? {} : { signature: failure.name }) },
    statement: tells
      ? `${candidate.statement} This is ${failure.means}. ${failure.remark}`
      : candidate.statement,
    ...(candidate.brief === undefined ? {} : { brief: candidate.brief }),
    effect: finite(candidate.effect),
    confidence,
    sql: candidate.sql,
    ...(candidate.chart === undefined ? {} : { chart: candidate.chart }),
    ...(related.length === 0 ? {} : { related: related.slice(0, 8) }),
  }
}

/** JSON has no infinity: a ratio over nothing is left out. */
function finite(effect: Finding['effect']): Finding['effect'] {
  const { ratio, ...rest } = effect
  return ratio === undefined || !Number.isFinite(ratio) ? rest : { ...rest, ratio }
}

/** Stable over repeated diagnoses of the same evidence. */
const idOf = (candidate: Candidate): string =>
  `${candidate.kind}-${createHash('sha256').update(candidate.key).digest('hex').slice(0, 10)}`

/** Precedents come after what is stated and before observations; those that facts speak against, last. */
function withPrecedents(
  findings: readonly Finding[],
  seen: readonly Omit<Finding, 'id' | 'rank'>[],
): Finding[] {
  const precedents = seen.map((one): Finding => ({
    ...one,
    id: `precedent-${one.subject.signature ?? ''}`,
    rank: 0,
  }))
  const stated = findings.filter(({ confident }) => confident)
  const observed = findings.filter(({ confident }) => !confident)
  const [fitting, doubtful] = [
    precedents.filter(({ confident }) => confident),
    precedents.filter(({ confident }) => !confident),
  ]
  return [...stated, ...fitting, ...observed, ...doubtful].map((finding, i) => ({ ...finding, rank: i + 1 }))
}
