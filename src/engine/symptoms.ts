/**
 * Symptoms: conditions evaluated at every tick, each a small state machine.
 *
 * healthy -> pending (the condition holds) -> showing (it held for `for`) -> gone (it does not hold any more).
 */
import { messageOf } from '../base/errors.ts'
import { conditionHolds, evaluate, parsePromql, selectorsOf } from '../evidence/promql/index.ts'
import type { Expr } from '../evidence/promql/index.ts'
import { labelsPredicate } from '../evidence/promql/matchers.ts'
import { evaluateRemotely } from '../evidence/promql/remote.ts'
import type { SymptomSpec } from '../model/definition.ts'
import type { SymptomRecord } from '../model/run.ts'
import type { LabelMatcher } from '../model/series.ts'
import type { Journal } from './journal.ts'
import type { Observation } from './observe.ts'

type State = 'healthy' | 'pending' | 'showing'

/** A symptom while it is watched. */
export interface Symptom {
  readonly spec: SymptomSpec
  /** Names of the probes that its condition is about. */
  readonly probes: readonly string[]
  readonly state: State
  /** When the condition began to hold, ns; while pending or showing. */
  readonly since: bigint | null
  /** Label sets that satisfied it when it last held. */
  readonly series: SymptomRecord['series']
  /** Whether there was ever a series that its condition could be judged by. */
  readonly judged: boolean
}

export interface SymptomWatch {
  readonly symptoms: readonly Symptom[]
  /** Evaluates all conditions now. */
  tick(): Promise<void>
  /** Names the rung that ended a symptom which is gone now. */
  cured(symptom: Symptom, collector: string): void
}

interface Watched extends Symptom {
  state: State
  since: bigint | null
  series: SymptomRecord['series']
  /** Index among the record's symptoms while showing, and of the last time it showed. */
  index: number
  complained: boolean
  judged: boolean
  readonly expr: Expr
}

/** Watches symptoms over the metrics of an observation; `onShow` is called for each that begins to show. */
export function watchSymptoms(
  specs: readonly SymptomSpec[],
  observation: Observation,
  journal: Journal,
  signal: AbortSignal,
  onShow: (symptom: Symptom) => void,
): SymptomWatch {
  const watched = specs.map((spec): Watched => {
    const parsed = parsePromql(spec.when)
    if ('problems' in parsed) throw new Error(`condition of symptom ${spec.name} was not validated`)
    const probes = probesOf(parsed.expr, observation)
    const { expr } = parsed
    return {
      spec,
      expr,
      probes,
      state: 'healthy',
      since: null,
      series: [],
      index: -1,
      complained: false,
      judged: false,
    }
  })
  const holds = async (one: Watched): Promise<SymptomRecord['series'] | null> => {
    try {
      const value =
        one.spec.source === undefined
          ? evaluate(one.expr, observation.metrics, journal.clock.nowMs())
          : await evaluateRemotely(one.spec.source, one.spec.when, journal.clock.nowMs(), signal)
      return conditionHolds(value)
    } catch (error) {
      if (!one.complained && !signal.aborted) {
        one.complained = true
        journal.error(
          new Error(`symptom ${one.spec.name} cannot be judged: ${messageOf(error)}`, { cause: error }),
        )
      }
      return null
    }
  }
  return {
    symptoms: watched,
    tick: async () => {
      for (const one of watched) {
        one.judged ||= hasData(one, observation)
        if (step(one, await holds(one), journal)) onShow(one)
      }
    },
    cured: (symptom, collector) => {
      const one = watched.find(({ spec }) => spec.name === symptom.spec.name)
      if (one !== undefined) patch(journal, one.index, { curedBy: collector })
    },
  }
}

/** A condition whose every selector finds nothing, ever, was not judged: its metric may be misspelt or missing. */
function hasData(one: Watched, observation: Observation): boolean {
  const selectors = selectorsOf(one.expr)
  if (one.spec.source !== undefined || selectors.length === 0) return true
  return selectors.some(({ matchers }) => {
    for (const _ of observation.metrics.select(
      matchers,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    )) {
      return true
    }
    return false
  })
}

/** One transition; true when the symptom has just begun to show. */
function step(one: Watched, series: SymptomRecord['series'] | null, journal: Journal): boolean {
  const { name, forMs } = one.spec
  const value = series?.[0]?.value ?? null
  if (series === null) {
    journal.progress({ type: 'symptom', name, what: 'unknown', value })
    return false
  }
  const now = journal.clock.now()
  if (series.length === 0) {
    if (one.state === 'showing') {
      patch(journal, one.index, { to: String(now) })
      journal.event('symptom', name, 'gone')
      journal.progress({ type: 'symptom', name, what: 'gone', value })
    } else {
      journal.progress({ type: 'symptom', name, what: 'healthy', value })
    }
    one.state = 'healthy'
    one.since = null
    return false
  }
  one.series = series
  one.since ??= now
  if (one.state === 'showing') {
    journal.progress({ type: 'symptom', name, what: 'showing', value })
    return false
  }
  if (Number(now - one.since) / 1e6 < forMs) {
    if (one.state === 'healthy') journal.event('symptom', name, 'pending')
    one.state = 'pending'
    journal.progress({ type: 'symptom', name, what: 'pending', value })
    return false
  }
  one.state = 'showing'
  one.index = journal.record.symptoms.length
  const { when, expected } = one.spec
  const from = String(one.since)
  const record = { name, when, from, to: null, expected, series, probes: one.probes, curedBy: null }
  journal.update({ symptoms: [...journal.record.symptoms, record] })
  journal.event('symptom', name, 'showing')
  journal.progress({ type: 'symptom', name, what: 'showing', value })
  return true
}

function patch(journal: Journal, index: number, change: Partial<SymptomRecord>): void {
  journal.update({
    symptoms: journal.record.symptoms.map((one, at) => (at === index ? { ...one, ...change } : one)),
  })
}

const isAboutProbe = ({ name }: LabelMatcher): boolean => name === 'probe' || name === 'kind'

/** The probes whose metrics a condition reads. */
function probesOf(expr: Expr, observation: Observation): string[] {
  const selectors = selectorsOf(expr).filter((selector) => {
    const metric = selector.matchers.find(({ name }) => name === '__name__')
    return metric === undefined || metric.op !== '=' || metric.value.startsWith('probe_')
  })
  return observation.probes.records
    .filter(({ name, kind }) =>
      selectors.some(({ matchers }) => labelsPredicate(matchers.filter(isAboutProbe))({ probe: name, kind })),
    )
    .map(({ name }) => name)
}
