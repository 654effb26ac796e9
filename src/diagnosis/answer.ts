/** The answer in one paragraph, composed from the confident findings in causal order; and what to do next. */
import type { Finding, FindingKind } from '../model/finding.ts'
import type { RunRecord } from '../model/run.ts'
import { duration, list, plain } from './statement/format.ts'

/** What is said of a run: the explanation, or that there is nothing to explain. */
export function answerOf(record: RunRecord, findings: readonly Finding[]): string {
  const confident = findings.filter((finding) => finding.confident)
  const chain = chainOf(confident)
  const [symptom] = record.symptoms
  if (symptom === undefined) {
    const nothing = `No symptom showed in ${duration(Number(endOf(record) - startOf(record)))}.`
    return chain.length === 0 ? nothing : [nothing, ...chain.map(({ statement }) => statement)].join(' ')
  }
  const after = duration(Math.max(0, Number(BigInt(symptom.from) - startOf(record))))
  const episodes = record.symptoms.filter(({ name }) => name === symptom.name).length
  const again = episodes > 1 ? `, ${episodes} times in all` : ''
  const shown = `Symptom ${plain(symptom.name)} showed after ${after}${again}.`
  if (chain.length === 0)
    return `${shown} The evidence carries no statement about its cause; ${nextStep(record, findings)}`
  return [shown, ...chain.map(({ statement }) => statement)].join(' ')
}

/** One finding for each link of the explanation, in the order in which it reads. */
function chainOf(confident: readonly Finding[]): Finding[] {
  const chosen: Finding[] = []
  const take = (fits: (finding: Finding) => boolean, most = 1): void => {
    for (const finding of confident.filter((one) => fits(one) && !chosen.includes(one)).slice(0, most))
      chosen.push(finding)
  }
  const is =
    (...kinds: FindingKind[]) =>
    ({ kind }: Finding): boolean =>
      kinds.includes(kind)
  const deaths = confident.some((finding) => finding.kind === 'absence' && finding.layer === 'symptom')
  if (deaths) take((finding) => finding.kind === 'absence' && finding.layer === 'symptom')
  else take((finding) => is('difference', 'overdue')(finding) && finding.subject.probe !== undefined)
  take(
    (finding) =>
      finding.kind === 'difference' &&
      finding.subject.call !== undefined &&
      finding.subject.function === undefined,
  )
  take((finding) => is('invariant', 'overdue')(finding) && finding.layer !== 'symptom')
  take((finding) => finding.kind === 'difference' && finding.subject.function !== undefined)
  const agent = confident.find(is('attribution'))
  take(
    (finding) =>
      is('difference', 'trend')(finding) && finding.subject.slab !== undefined && isAbout(finding, agent),
  )
  take((finding) => finding.kind === 'trend' && isAbout(finding, agent))
  take(is('attribution'))
  take(is('intervention'))
  return chosen
}

/** Findings that diagnosis linked; without an agent everything that grew may be told. */
const isAbout = (finding: Finding, agent: Finding | undefined): boolean =>
  agent === undefined ||
  agent.related?.includes(finding.id) === true ||
  finding.related?.includes(agent.id) === true

/** What to do next, one sentence, by what is known and what is not. */
export function nextStep(
  record: Pick<RunRecord, 'notLookedAt'> & { readonly symptoms: readonly unknown[] },
  findings: readonly Finding[],
): string {
  const confident = findings.filter((finding) => finding.confident)
  const agent = confident.find(({ kind }) => kind === 'attribution')
  const cure = confident.find(({ kind }) => kind === 'intervention')
  const failure = confident.find(({ subject }) => subject.signature !== undefined)?.subject.signature
  if (record.symptoms.length === 0)
    return 'run it again, or longer: `quarry hunt` tells how many runs without the symptom would show that it is gone.'
  if (agent !== undefined)
    return (
      `stop or mend ${plain(agent.subject.comm ?? 'the process')} and run the same definition again: ` +
      '`quarry hunt --ask verify` tells how many clean runs prove it.'
    )
  if (failure !== undefined && cure !== undefined)
    return (
      `keep tracers away and look below the program: compare kernels and versions with \`quarry hunt --ask compare\`; ` +
      `the class is ${failure}.`
    )
  if (record.notLookedAt.length > 0) {
    const missing = [...new Set(record.notLookedAt.map(({ collector }) => collector))].slice(0, 3)
    return `let it look at what was left out (${list(missing)}): \`quarry doctor --install\`.`
  }
  return 'reproduce it more often with `quarry hunt --ask rate`, and allow rungs of the tiers `stop` and `change` to see what cures it.'
}

const startOf = (record: RunRecord): bigint =>
  BigInt(
    record.states.find(({ state }) => state === 'running')?.at ??
      record.phases[0]?.from ??
      record.states[0]?.at ??
      0,
  )

const endOf = (record: RunRecord): bigint => {
  const ends = [...record.phases.flatMap(({ to }) => (to === null ? [] : [BigInt(to)])), startOf(record)]
  return ends.reduce((a, b) => (a > b ? a : b))
}
