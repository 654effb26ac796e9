/** From the record of a run to what it says of the behaviour that is hunted. */
import type { Outcome } from '../model/hunt.ts'
import type { RunRecord } from '../model/run.ts'

export interface Judged {
  readonly outcome: Outcome
  /** From the begin of the workload to the symptom, or to its end. */
  readonly seconds: number
  readonly cut?: true
  readonly signs?: Readonly<Record<string, number>>
  readonly early?: true
  /** Why it says nothing or little, if so. */
  readonly note?: string
}

/**
 * @param symptom the one that is hunted; without it each failure is
 * @param endsAt the sign that was to end the run, and then counts as the behaviour
 */
export function judge(record: RunRecord, symptom: string | undefined, endsAt?: string): Judged {
  const signs = signsOf(record, symptom)
  const judged = judgeOutcome(record, symptom, signs)
  const told = Object.keys(signs).length === 0 ? judged : { ...judged, signs }
  const at = endsAt === undefined ? undefined : signs[endsAt]
  if (at === undefined || judged.outcome === 'shown') return told
  return { outcome: 'shown', seconds: at, signs, early: true, note: `it ended at ${endsAt}` }
}

export const isHunted = (
  { name, expected }: Pick<RunRecord['symptoms'][number], 'name' | 'expected'>,
  symptom: string | undefined,
): boolean => (symptom === undefined ? !expected : name === symptom)

/** When each other symptom first showed. */
function signsOf(record: RunRecord, symptom: string | undefined): Record<string, number> {
  const signs: Record<string, number> = {}
  for (const one of record.symptoms)
    if (!isHunted(one, symptom)) signs[one.name] ??= secondsUntil(record, one.from)
  return signs
}

/** Its workload ended by itself: no symptom stopped it. */
const wentToEnd = ({ phases, errors, partial }: RunRecord): boolean =>
  phases.length > 0 && phases.every(({ ok }) => ok) && errors.length === 0 && !partial

function judgeOutcome(
  record: RunRecord,
  symptom: string | undefined,
  signs: Readonly<Record<string, number>>,
): Judged {
  const seconds = secondsOf(record, symptom)
  if (record.symptoms.some((one) => isHunted(one, symptom))) return { outcome: 'shown', seconds }
  const [error] = record.errors
  if (record.state !== 'ended') return { outcome: 'void', seconds, note: `it ended while ${record.state}` }
  if (record.aborted !== undefined)
    return seconds > 0
      ? { outcome: 'clean', seconds, cut: true, note: record.aborted }
      : { outcome: 'void', seconds, note: record.aborted }
  if (record.failedDuring === 'setting-up' || record.failedDuring === 'created')
    return { outcome: 'broken', seconds, note: error?.message ?? 'it could not be set up' }
  // The next run at this point would say as little: a metric is missing there, such as a counter that only some kernels have.
  const unjudged = record.unjudged?.find((name) => symptom === undefined || name === symptom)
  if (unjudged !== undefined && wentToEnd(record))
    return { outcome: 'broken', seconds, note: `there was no series to judge ${unjudged} by` }
  const [sign] = Object.keys(signs)
  if (record.verdict === 'pass' && !record.partial)
    return sign === undefined || wentToEnd(record)
      ? { outcome: 'clean', seconds }
      : { outcome: 'clean', seconds, cut: true, note: `${sign} ended it` }
  const failures = record.checks.filter(({ verdict }) => verdict !== 'pass')
  // It failed by another symptom alone, after which the one hunted had all the time to show.
  if (symptom !== undefined && wentToEnd(record) && failures.every(({ name }) => name === OTHER_SYMPTOMS))
    return { outcome: 'clean', seconds }
  const failed = record.checks.find(({ verdict }) => verdict === 'fail')
  const why = failed === undefined ? error?.message : `${failed.name}: ${failed.message}`
  // A failure that is not the one hunted ended a run that might have shown it later.
  if (record.verdict === 'fail' && symptom === undefined) return { outcome: 'shown', seconds, ...noted(why) }
  return { outcome: 'void', seconds, note: why ?? `its verdict is ${record.verdict ?? 'missing'}` }
}

const noted = (note: string | undefined): { note?: string } => (note === undefined ? {} : { note })

const OTHER_SYMPTOMS = 'no-unexpected-symptoms'

function secondsUntil({ states }: RunRecord, at: string): number {
  const began = states.find(({ state }) => state === 'running')
  return began === undefined ? 0 : Math.max(0, Number(BigInt(at) - BigInt(began.at)) / 1e9)
}

function secondsOf(record: RunRecord, symptom: string | undefined): number {
  const began = record.states.find(({ state }) => state === 'running')
  const ended = record.states.find(
    ({ state }, index) =>
      index > record.states.findIndex((one) => one.state === 'running') &&
      state !== 'capturing' &&
      state !== 'running',
  )
  if (began === undefined) return 0
  const showed = record.symptoms.find((one) => isHunted(one, symptom))
  return secondsUntil(record, showed?.from ?? ended?.at ?? began.at)
}
