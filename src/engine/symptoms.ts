/** The symptoms of a run: their conditions evaluated at every tick, over its own metrics or a Prometheus server. */
import { messageOf } from '../base/errors.ts'
import {
  conditionHolds,
  evaluate,
  labelsKey,
  longestRangeOf,
  metricOf,
  parsePromql,
  selectorsOf,
  windowsOf,
} from '../evidence/promql/index.ts'
import type { Expr, Window } from '../evidence/promql/index.ts'
import { labelsPredicate } from '../evidence/promql/matchers.ts'
import { evaluateRemotely } from '../evidence/promql/remote.ts'
import type { Definition } from '../model/definition.ts'
import type { SymptomRecord } from '../model/run.ts'
import { isStale, type LabelMatcher } from '../model/series.ts'
import type { Journal } from './journal.ts'
import type { Observation } from './observe.ts'
import type { Deaths } from './deaths.ts'
import { createSymptom, type Symptom, type SymptomMachine } from './symptom-state.ts'

export interface SymptomWatch {
  readonly symptoms: readonly Symptom[]
  /** Evaluates all conditions now. */
  tick(): Promise<void>
  /** Whether the condition of a symptom holds right now; also true when that cannot be told. */
  holds(symptom: Symptom): Promise<boolean>
  /** Ends a symptom that a rung has cured. */
  cured(symptom: Symptom, collector: string): void
}

interface Watched {
  readonly machine: SymptomMachine
  readonly expr: Expr
  /** Those that probes fill, and the series that were found in each. */
  readonly windows: readonly Window[]
  readonly answered: readonly Set<string>[]
  complained: boolean
}

/** Watches symptoms over the metrics of an observation; `onChange` is called for each that changes its state. */
export function watchSymptoms(
  definition: Definition,
  observation: Observation,
  journal: Journal,
  signal: AbortSignal,
  onChange: (symptom: Symptom) => void,
  deaths: Deaths,
): SymptomWatch {
  const watched = definition.symptoms.map((spec): Watched => {
    const parsed = parsePromql(spec.when)
    if ('problems' in parsed) throw new Error(`condition of symptom ${spec.name} was not validated`)
    const { expr } = parsed
    // Not shorter than two ticks: a single missing sample ends nothing.
    const keepMs = Math.max(spec.forMs, 2 * definition.observe.everyMs)
    const probes = probesOf(expr, observation)
    const about = { spec, probes, rangeMs: longestRangeOf(expr) }
    const machine = createSymptom(about, keepMs, journal, onChange)
    const windows = spec.source === undefined ? windowsOf(expr).filter(isOfProbe) : []
    return { machine, expr, windows, answered: windows.map(() => new Set()), complained: false }
  })
  let death: SymptomMachine | undefined
  deaths.listen(() => {
    death ??= createSymptom({ spec: deaths.spec, probes: [], rangeMs: 0 }, 0, journal, onChange)
    death.see(deaths.series)
  })
  const look = async (one: Watched): Promise<SymptomRecord['series'] | null> => {
    const { name, when, source } = one.machine.spec
    try {
      const now = journal.clock.nowMs()
      const value =
        source === undefined
          ? evaluate(one.expr, observation.metrics, now)
          : await evaluateRemotely(source, when, now, signal)
      const series = conditionHolds(value)
      const fellSilent =
        series.length === 0 && one.machine.state !== 'healthy' && isSilent(one, observation, now)
      return fellSilent ? null : series
    } catch (error) {
      if (!one.complained && !signal.aborted) {
        one.complained = true
        journal.error(new Error(`symptom ${name} cannot be judged: ${messageOf(error)}`, { cause: error }))
      }
      return null
    }
  }
  const find = (symptom: Symptom): Watched | undefined => watched.find(({ machine }) => machine === symptom)
  return {
    symptoms: watched.map(({ machine }) => machine),
    tick: async () => {
      for (const one of watched) {
        one.machine.judged ||= hasData(one, observation)
        noteAnswers(one, observation, journal.clock.nowMs())
        one.machine.see(await look(one))
      }
    },
    holds: async (symptom) => {
      const one = find(symptom)
      const series = one === undefined ? [] : await look(one)
      return series === null || series.length > 0
    },
    cured: (symptom, collector) => find(symptom)?.machine.cured(collector),
  }
}

/** Notes which series of probes the condition has found so far. */
function noteAnswers({ windows, answered }: Watched, observation: Observation, nowMs: number): void {
  for (const [index, { selector, pastMs }] of windows.entries())
    for (const { labels } of observation.metrics.select(selector.matchers, nowMs - pastMs, nowMs))
      answered[index]?.add(labelsKey(labels))
}

/**
 * Whether a probe that the condition is about has left it without the samples that it takes: one that hangs or fails says
 * nothing of what it is asked for. Other series may end because what they are about has, such as a process or a load.
 */
function isSilent({ windows, answered }: Watched, observation: Observation, nowMs: number): boolean {
  return windows.some(({ selector, pastMs, least }, index) => {
    const enough = new Set<string>()
    for (const { labels, times, values, length } of observation.metrics.select(
      selector.matchers,
      nowMs - pastMs,
      nowMs,
    )) {
      let count = 0
      for (let at = length - 1; at >= 0 && (times[at] ?? 0) > nowMs - pastMs; at--)
        if (!isStale(values[at] ?? 0)) count++
      if (count >= least) enough.add(labelsKey(labels))
    }
    return [...(answered[index] ?? [])].some((series) => !enough.has(series))
  })
}

/** Metrics of probes; selectors without a name are left out, for they may be about anything. */
const isOfProbe = ({ selector }: Window): boolean => metricOf(selector)?.startsWith('probe_') === true

/** A condition whose every selector finds nothing, ever, was not judged: its metric may be misspelt or missing. */
function hasData({ machine, expr }: Watched, observation: Observation): boolean {
  const selectors = selectorsOf(expr)
  if (machine.spec.source !== undefined || selectors.length === 0) return true
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
