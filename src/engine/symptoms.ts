/** The symptoms of a run: their conditions evaluated at every tick, over its own metrics or a Prometheus server. */
import { messageOf } from '../base/errors.ts'
import {
  conditionHolds,
  evaluate,
  longestRangeOf,
  metricOf,
  parsePromql,
  selectorsOf,
  windowsOf,
} from '../evidence/promql/index.ts'
import type { Expr } from '../evidence/promql/index.ts'
import { labelsPredicate } from '../evidence/promql/matchers.ts'
import { evaluateRemotely } from '../evidence/promql/remote.ts'
import type { Definition } from '../model/definition.ts'
import type { SymptomRecord } from '../model/run.ts'
import type { LabelMatcher } from '../model/series.ts'
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
    return { machine, expr, complained: false }
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

/**
 * Whether a metric that the condition needs was there and is not any more, of nobody: a probe that does not come back says
 * nothing of what it is asked for. A series that ends while others of its metric go on, such as that of a process, is gone.
 */
function isSilent({ machine, expr }: Watched, observation: Observation, nowMs: number): boolean {
  if (machine.spec.source !== undefined) return false
  return windowsOf(expr).some(({ selector, pastMs }) => {
    const metric = metricOf(selector)
    if (metric === undefined) return false
    const name = { name: '__name__', op: '=', value: metric } as const
    const series = [...observation.metrics.select([name], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)]
    return series.length > 0 && series.every(({ times, length }) => (times[length - 1] ?? 0) < nowMs - pastMs)
  })
}

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
