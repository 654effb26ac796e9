/**
 * One symptom as a small state machine, fed with what its condition gives at every tick.
 *
 * healthy -> pending (the condition holds) -> showing (it held for `for`) -> healthy (it did not hold for as long).
 * The last step waits like the first one (Prometheus calls it `keep_firing_for`), so that a symptom that flickers is one
 * symptom; its end is when the condition held last.
 */
import type { SymptomSpec } from '../model/definition.ts'
import type { SymptomRecord } from '../model/run.ts'
import type { Journal } from './journal.ts'

export type SymptomState = 'healthy' | 'pending' | 'showing'

/** A symptom while it is watched. */
export interface Symptom {
  readonly spec: SymptomSpec
  /** Names of the probes that its condition is about. */
  readonly probes: readonly string[]
  /** The longest range that its condition looks over, ms; 0 for one that looks at the last sample only. */
  readonly rangeMs: number
  readonly state: SymptomState
  /** When the condition began to hold, ns; null while healthy. */
  readonly since: bigint | null
  /** Label sets that satisfied it when it last held. */
  readonly series: SymptomRecord['series']
  /** Whether there was ever a series that its condition could be judged by. */
  readonly judged: boolean
  /**
   * Share of the looks since it began at which the condition held, by Laplace's rule of succession: how much a single
   * look at which it does not hold says.
   */
  readonly steadiness: number
}

export interface SymptomMachine extends Symptom {
  judged: boolean
  /** What the condition gives now: nothing when it does not hold, null when it cannot be evaluated. */
  see(series: SymptomRecord['series'] | null): void
  /** A rung has ended it. */
  cured(collector: string): void
}

/** A healthy symptom; `onChange` is called after every change of state. */
export function createSymptom(
  { spec, probes, rangeMs }: Pick<Symptom, 'spec' | 'probes' | 'rangeMs'>,
  keepMs: number,
  journal: Journal,
  onChange: (symptom: Symptom) => void,
): SymptomMachine {
  const { name, when, expected } = spec
  let state: SymptomState = 'healthy'
  let since: bigint | null = null
  let lostAt: bigint | null = null
  let unknownAt: bigint | null = null
  let series: SymptomRecord['series'] = []
  let looks = 0
  let held = 0
  let index = -1

  const patch = (change: Partial<SymptomRecord>): void =>
    journal.update({
      symptoms: journal.record.symptoms.map((one, at) => (at === index ? { ...one, ...change } : one)),
    })
  const become = (next: SymptomState, said: string): void => {
    state = next
    journal.event('symptom', name, said)
    onChange(machine)
  }
  const end = (change: Partial<SymptomRecord>): void => {
    patch({ to: String(lostAt ?? journal.clock.now()), ...change })
    since = null
    lostAt = null
    journal.progress({ type: 'symptom', name, what: 'gone', value: null })
    become('healthy', 'gone')
  }
  const seeNothing = (now: bigint): void => {
    if (state === 'pending') {
      since = null
      become('healthy', 'not for long enough')
    }
    if (state === 'healthy') return
    lostAt ??= now
    if (Number(now - lostAt) / 1e6 >= keepMs) end({})
  }
  // What cannot be told any more has not held for as long as it must: nobody waits for it to show.
  const seeUnknown = (now: bigint): void => {
    unknownAt ??= now
    if (state === 'pending' && Number(now - unknownAt) / 1e6 >= keepMs) seeNothing(now)
  }
  const seeSomething = (now: bigint): void => {
    lostAt = null
    if (since === null) {
      since = now
      looks = 0
      held = 0
      become('pending', 'pending')
    }
    if (state === 'showing' || Number(now - since) / 1e6 < spec.forMs) return
    index = journal.record.symptoms.length
    const record = { name, when, from: String(since), to: null, expected, series, probes, curedBy: null }
    journal.update({ symptoms: [...journal.record.symptoms, record] })
    become('showing', 'showing')
  }

  const machine: SymptomMachine = {
    spec,
    probes,
    rangeMs,
    judged: false,
    get state() {
      return state
    },
    get since() {
      return since
    },
    get series() {
      return series
    },
    get steadiness() {
      return (held + 1) / (looks + 2)
    },
    see: (seen) => {
      const now = journal.clock.now()
      if (seen === null) seeUnknown(now)
      else {
        unknownAt = null
        if (seen.length > 0) series = seen
        if (seen.length > 0) seeSomething(now)
        else seeNothing(now)
        looks += 1
        if (seen.length > 0) held += 1
      }
      const value = seen?.[0]?.value ?? null
      journal.progress({ type: 'symptom', name, what: seen === null ? 'unknown' : state, value })
    },
    cured: (collector) => {
      if (state === 'showing') end({ curedBy: collector })
      else patch({ curedBy: collector })
    },
  }
  return machine
}
