/**
 * The answer: one paragraph for a person who was woken up by it.
 *
 * One clause for each link, in causal order: what shows; what is slow or dead; where; what grew; who makes it; what cured it;
 * the class, and what hides it. Everything else stands in the findings.
 */
import type { Finding, FindingKind, NotLookedAt } from '../model/finding.ts'
import type { RunRecord } from '../model/run.ts'
import { explanationOf, nextOf } from './classes.ts'
import { duration, list, plain } from './statement/format.ts'

/** What is said of a run: the explanation, that there is nothing to explain, or that nobody could tell. */
export function answerOf(record: RunRecord, findings: readonly Finding[]): string {
  const confident = findings.filter((finding) => finding.confident)
  const clauses = clausesOf(chainOf(confident), signatureOf(confident))
  const shown = shownOf(record)
  if (record.definition === 'compare' && clauses.length === 0)
    return `${shown} Nothing tells them apart for sure.`
  if (record.symptoms.length > 0 && clauses.length === 0)
    return `${shown} The evidence carries no statement about its cause; ${nextStep(record, findings)}`
  return [shown, ...clauses].join(' ')
}

/** Whether the symptom showed, and whether anybody could have seen it. */
function shownOf(record: RunRecord): string {
  const [symptom] = record.symptoms
  // A comparison is laid out as a run whose symptom is what it compares.
  if (record.definition === 'compare') return `${plain(record.description ?? 'Compared', 300)}.`
  if (symptom !== undefined) {
    const after = duration(Math.max(0, Number(BigInt(symptom.from) - startOf(record))))
    const episodes = record.symptoms.filter(({ name }) => name === symptom.name).length
    const again = episodes > 1 ? `, ${episodes} times in all` : ''
    // Of a machine that died the reason is known, whatever is found.
    const reason = symptom.series[0]?.labels['reason']
    const why = reason === undefined ? '' : `: ${plain(reason, 300)}`
    const others = record.symptoms.filter(
      ({ name }, i) => name !== symptom.name && record.symptoms.findIndex((one) => one.name === name) === i,
    )
    const later = others.map(
      ({ name, from }) =>
        `, ${plain(name)} ${duration(Math.max(0, Number(BigInt(from) - BigInt(symptom.from))))} later`,
    )
    return `Symptom ${plain(symptom.name)} showed after ${after}${again}${later.join('')}${why}.`
  }
  if (record.definition === 'capture')
    return 'The ladder was climbed once, by hand; no symptom was watched for.'
  const lasted = duration(Number(endOf(record) - startOf(record)))
  const open = record.checks.filter(({ verdict }) => verdict === 'unknown')
  if (open.length === 0) return checkedOf(record, lasted)
  const why = open.map(({ message }) => plain(message, 300).replace(/[.?\s]+$/, ''))
  return `Whether a symptom showed in ${lasted} is not known: ${list(why)}.`
}

/** What was judged besides: whether a symptom was watched for, and what checkers found. */
function checkedOf(record: RunRecord, lasted: string): string {
  const own = ownChecks(record)
  const quiet = `No symptom showed in ${lasted}.`
  const failed = failedOf(record).map(
    ({ name, message }) => `Check ${plain(name)} failed: ${sentence(message)}`,
  )
  if (record.watchedFor?.length !== 0) return [quiet, ...failed].join(' ')
  if (failed.length > 0) return failed.join(' ')
  return own.length === 0
    ? `It ran to its end in ${lasted}. Nothing judged it: neither a symptom nor a check is defined.`
    : `All of ${own.length} checks passed after ${lasted}.`
}

/** Those of the definition, and what every run is judged by apart from symptoms. */
const ownChecks = ({ checks }: Pick<RunRecord, 'checks'>) =>
  checks.filter(({ checker }) => checker !== 'built-in')

const failedOf = ({ checks }: Pick<RunRecord, 'checks'>) =>
  checks.filter(({ name, verdict }) => verdict === 'fail' && name !== 'no-unexpected-symptoms')

const sentence = (text: string): string => `${plain(text, 300).replace(/[.?\s]+$/, '')}.`

/** The links as sentences; the class and what hides it last. */
function clausesOf(chain: readonly Finding[], signature: string | undefined): string[] {
  const said = chain.reduce<string[]>((before, { brief, statement, subject }) => {
    const clause = brief ?? plain(statement, 240)
    // Where it happens is told once, by whoever comes to it first.
    const { path } = subject
    const told = path === undefined || clause.includes(path) || before.some((one) => one.includes(path))
    return [...before, `${clause}${told ? '' : `, in ${plain(path)}`}.`]
  }, [])
  const failure = signature === undefined ? undefined : explanationOf(signature)
  return failure === undefined ? said : [...said, failure]
}

const signatureOf = (confident: readonly Finding[]): string | undefined =>
  confident.find(({ kind, subject }) => kind !== 'precedent' && subject.signature !== undefined)?.subject
    .signature

/** One finding for each link of the explanation, in the order in which it reads. */
function chainOf(confident: readonly Finding[]): Finding[] {
  const chosen: Finding[] = []
  const take = (fits: (finding: Finding) => boolean): void => {
    const found = confident.find((one) => fits(one) && !chosen.includes(one))
    if (found !== undefined) chosen.push(found)
  }
  const is =
    (...kinds: FindingKind[]) =>
    ({ kind }: Finding): boolean =>
      kinds.includes(kind)
  const isSlowCall = ({ kind, subject }: Finding): boolean =>
    kind === 'difference' && subject.call !== undefined && subject.function === undefined
  // How the figure came to where it is says where it is, too.
  const isCourse = ({ kind, layer }: Finding): boolean => kind === 'trend' && layer === 'symptom'
  const isShown = ({ kind, layer, subject }: Finding): boolean =>
    (kind === 'absence' && layer === 'symptom') ||
    ((kind === 'difference' || kind === 'overdue') && subject.probe !== undefined)
  // A slow call says what a slow probe says, and where.
  if (!confident.some(isSlowCall)) take(confident.some(isCourse) ? isCourse : isShown)
  take(isSlowCall)
  const isContradiction = (finding: Finding): boolean =>
    is('invariant', 'overdue')(finding) && finding.layer !== 'symptom'
  take(isContradiction)
  // Who waits in vain, and the queue that should have ended the wait, are two links.
  const [contradiction] = chosen.filter(isContradiction)
  take(
    (finding) =>
      isContradiction(finding) &&
      contradiction !== undefined &&
      finding.kind !== contradiction.kind &&
      (finding.subject.timer === undefined) !== (contradiction.subject.timer === undefined),
  )
  take(
    ({ kind, subject }) => kind === 'overdue' && subject.function !== undefined && subject.call !== undefined,
  )
  take(({ kind, layer }) => kind === 'absence' && layer === 'network')
  take((finding) => finding.kind === 'difference' && finding.subject.function !== undefined)
  const isDevice = ({ kind, subject }: Finding): boolean =>
    kind === 'difference' && subject.device !== undefined
  take(isDevice)
  const agent = confident.find(is('attribution'))
  const isGrowth = (finding: Finding): boolean => finding.kind === 'trend' && !isCourse(finding)
  take((finding) => isGrowth(finding) && isAbout(finding, agent))
  if (!chosen.some((one) => isGrowth(one) || isDevice(one)))
    take((one) => one.kind === 'difference' && one.layer !== 'symptom' && isAbout(one, agent))
  take(is('attribution'))
  take(is('intervention'))
  return chosen
}

/** Findings that diagnosis linked; without an agent everything that grew may be told. */
const isAbout = (finding: Finding, agent: Finding | undefined): boolean =>
  agent === undefined ||
  agent.related?.includes(finding.id) === true ||
  finding.related?.includes(agent.id) === true

/** What the next step depends on: a record has it, and so has what `--json` prints. */
export interface CaseSoFar {
  readonly watchedFor?: readonly string[]
  readonly symptoms: readonly unknown[]
  readonly checks: RunRecord['checks']
  readonly notLookedAt: readonly NotLookedAt[]
}

/** What to do next, one sentence, by what is known and what is not; undefined when there is nothing to do. */
export function nextStep(record: CaseSoFar, findings: readonly Finding[]): string | undefined {
  const confident = findings.filter((finding) => finding.confident)
  const agent = confident.find(({ kind }) => kind === 'attribution')
  const cure = confident.find(({ kind }) => kind === 'intervention')
  const failure = signatureOf(confident)
  const [failed] = failedOf(record)
  if (record.symptoms.length === 0 && failed !== undefined)
    return `see what ${plain(failed.name)} is about in \`logs/\` and \`nodes/\` of the run directory.`
  if (record.watchedFor?.length === 0 && record.symptoms.length === 0) return undefined
  if (record.symptoms.length === 0)
    return 'if the symptom was expected, run it again, or longer: one quiet run proves little about what comes and goes.'
  const next = nextOf(failure)
  if (next !== undefined) return next
  if (agent !== undefined)
    return (
      `stop or mend ${plain(agent.subject.comm ?? 'the process')} and run the same definition again; ` +
      'the symptom must stay away for longer than it ever took to show.'
    )
  if (failure !== undefined && cure !== undefined)
    return (
      `keep tracers away and look below the program, at its versions and the kernel's, and hold a run on another one ` +
      `against this with \`quarry compare\`; the class is ${failure}.`
    )
  const [left] = record.notLookedAt
  if (left !== undefined) {
    const same = record.notLookedAt.filter(({ remedy }) => remedy === left.remedy)
    const missing = [...new Set(same.map(({ collector }) => collector))].slice(0, 3)
    return `let it look at what was left out (${list(missing)}): ${plain(left.remedy, 200)}.`
  }
  return 'reproduce it, and allow rungs of the tiers `stop` and `change`, to see what cures it.'
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
