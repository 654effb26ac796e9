/** From the record of a run to what it says of the behaviour that is hunted. */
import type { Outcome } from '../model/hunt.ts'
import type { RunRecord } from '../model/run.ts'

export interface Judged {
  readonly outcome: Outcome
  /** From the begin of the workload to the symptom, or to its end. */
  readonly seconds: number
  readonly cut?: true
  /** Why it says nothing or little, if so. */
  readonly note?: string
}

/** @param symptom the one that is hunted; without it each failure is */
export function judge(record: RunRecord, symptom: string | undefined): Judged {
  const seconds = secondsOf(record, symptom)
  const shown = record.symptoms.filter(({ name, expected }) =>
    symptom === undefined ? !expected : name === symptom,
  )
  if (shown.length > 0) return { outcome: 'shown', seconds }
  const [error] = record.errors
  if (record.state !== 'ended') return { outcome: 'void', seconds, note: `it ended while ${record.state}` }
  if (record.aborted !== undefined)
    return seconds > 0
      ? { outcome: 'clean', seconds, cut: true, note: record.aborted }
      : { outcome: 'void', seconds, note: record.aborted }
  if (record.failedDuring === 'setting-up' || record.failedDuring === 'created')
    return { outcome: 'broken', seconds, note: error?.message ?? 'it could not be set up' }
  if (record.verdict === 'pass' && !record.partial) return { outcome: 'clean', seconds }
  const failed = record.checks.find(({ verdict }) => verdict === 'fail')
  const why = failed === undefined ? error?.message : `${failed.name}: ${failed.message}`
  // A failure that is not the one hunted ended a run that might have shown it later.
  if (record.verdict === 'fail' && symptom === undefined) return { outcome: 'shown', seconds, ...noted(why) }
  return { outcome: 'void', seconds, note: why ?? `its verdict is ${record.verdict ?? 'missing'}` }
}

const noted = (note: string | undefined): { note?: string } => (note === undefined ? {} : { note })

function secondsOf(record: RunRecord, symptom: string | undefined): number {
  const began = record.states.find(({ state }) => state === 'running')
  const ended = record.states.find(
    ({ state }, index) =>
      index > record.states.findIndex((one) => one.state === 'running') &&
      state !== 'capturing' &&
      state !== 'running',
  )
  if (began === undefined) return 0
  const from = BigInt(began.at)
  const showed = record.symptoms.find(({ name }) => symptom === undefined || name === symptom)
  const to = BigInt(showed?.from ?? ended?.at ?? began.at)
  return Math.max(0, Number(to - from) / 1e9)
}
