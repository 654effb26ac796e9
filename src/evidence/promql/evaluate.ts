/**
 * The value of an expression at an instant, as Prometheus 2.42 gives it (promql/engine.go).
 *
 * A subquery evaluates its inside at each step, aligned to multiples of the step since the epoch. Known difference: for
 * predict_linear over a range with `@`, inside a subquery, 2.42 moves the range along with the steps; here it stays.
 */
import type {
  Aggregation,
  BinaryExpr,
  Call,
  Expr,
  MatrixSelector,
  Subquery,
  TimeShift,
  VectorSelector,
} from './ast.ts'
import type { Labels, SeriesData, SeriesSource } from '../../model/series.ts'
import { isStale } from '../../model/series.ts'
import { aggregate } from './aggregate.ts'
import { unwrapParens } from './ast.ts'
import { combineSets, combineVectors, ofScalars, withScalar } from './binary.ts'
import { typeNames, typeOf } from './check.ts'
import { isFunctionName } from './functions.ts'
import { instantFunctions } from './instant-functions.ts'
import { labelsKey, noLabels, withoutName } from './labels.ts'
import { rangeFunctions } from './range-functions.ts'
import { countUpTo, windowOf } from './range-window.ts'
import { labelsOfAbsent, lookbackDeltaMs, timeReach } from './selectors.ts'
import { ensureDistinct, evaluationError, sameLabels, type Value, type VectorSample } from './value.ts'

export interface EvaluateOptions {
  /** Step of a subquery that gives none: the pace of sampling. 1 s. */
  readonly stepMs?: number
}

/** Evaluates at `timeMs`. Throws a UserError where Prometheus raises an error, such as for many-to-many matching. */
export function evaluate(
  expr: Expr,
  source: SeriesSource,
  timeMs: number,
  options: EvaluateOptions = {},
): Value {
  const evaluation = new Evaluation(expr, source, timeMs, options.stepMs ?? 1000)
  const type = typeOf(expr)
  if (type === 'scalar') return { type, value: evaluation.scalar(expr, timeMs) }
  if (type === 'vector') {
    return { type, samples: evaluation.vector(expr, timeMs).map(({ labels, value }) => ({ labels, value })) }
  }
  throw evaluationError(`${typeNames[type]} has no value at an instant`)
}

/** Samples read, and steps taken a hundredfold, before an evaluation is given up: some seconds of work. */
const workLimit = 200_000_000

/** A sample of a selector also has its own time, which `timestamp` asks for. */
interface TimedSample extends VectorSample {
  readonly timeMs: number
}

/** The series of a range, each with the samples of the whole range or more. */
interface Range {
  readonly series: readonly SeriesData[]
  readonly startMs: number
  readonly endMs: number
}

class Evaluation {
  private readonly source: SeriesSource
  private readonly timeMs: number
  private readonly stepMs: number
  private readonly fromMs: number
  private readonly toMs: number
  private readonly selected = new Map<VectorSelector, readonly SeriesData[]>()
  /** For each expression that drops names: which input each output came from, over all steps. */
  private readonly origins = new Map<Expr, Map<string, string>>()
  private work = 0

  constructor(expr: Expr, source: SeriesSource, timeMs: number, stepMs: number) {
    const { pastMs, futureMs } = timeReach(expr)
    this.source = source
    this.timeMs = timeMs
    this.stepMs = stepMs
    this.fromMs = timeMs - pastMs
    this.toMs = timeMs + futureMs
  }

  scalar(expr: Expr, timeMs: number): number {
    if (expr.kind === 'number') return expr.value
    if (expr.kind === 'paren') return this.scalar(expr.expr, timeMs)
    if (expr.kind === 'unary') return (expr.op === '-' ? -1 : 1) * this.scalar(expr.expr, timeMs)
    if (expr.kind === 'binary') {
      return ofScalars(expr.op, this.scalar(expr.left, timeMs), this.scalar(expr.right, timeMs))
    }
    if (expr.kind !== 'call') throw new Error(`${expr.kind} is no scalar`)
    const [argument] = expr.args
    if (argument === undefined) return timeMs / 1000
    const [only, ...others] = this.vector(argument, timeMs)
    return only !== undefined && others.length === 0 ? only.value : Number.NaN
  }

  vector(expr: Expr, timeMs: number): readonly VectorSample[] {
    if (expr.kind === 'selector') return this.instant(expr, this.shifted(expr.shift, timeMs))
    if (expr.kind === 'paren') return this.vector(expr.expr, timeMs)
    if (expr.kind === 'binary') return ensureDistinct(this.binary(expr, timeMs))
    if (expr.kind === 'aggregation') return ensureDistinct(this.aggregation(expr, timeMs))
    if (expr.kind === 'call') return ensureDistinct(this.call(expr, timeMs))
    if (expr.kind !== 'unary') throw new Error(`${expr.kind} is no instant vector`)
    const samples = this.vector(expr.expr, timeMs)
    if (expr.op === '+') return samples
    return samples.map(({ labels, value }) => ({ labels: this.nameless(expr, labels), value: -value }))
  }

  private shifted({ offsetMs, at }: TimeShift, timeMs: number): number {
    return (at === undefined ? timeMs : typeof at === 'number' ? at : this.timeMs) - offsetMs
  }

  private spend(units: number): void {
    this.work += units
    if (this.work > workLimit) {
      throw evaluationError(
        'the expression reads too much',
        'shorten its ranges, or lengthen the steps of its subqueries',
      )
    }
  }

  private series(selector: VectorSelector): readonly SeriesData[] {
    let series = this.selected.get(selector)
    if (series === undefined) {
      series = [...this.source.select(selector.matchers, this.fromMs, this.toMs)]
      this.selected.set(selector, series)
    }
    return series
  }

  /** The latest sample of each series at most five minutes old, unless the series has ended since. */
  private instant(selector: VectorSelector, timeMs: number): TimedSample[] {
    const samples: TimedSample[] = []
    const series = this.series(selector)
    this.spend(series.length)
    for (const { labels, times, values, length } of series) {
      const index = countUpTo(times, length, timeMs) - 1
      const sampledMs = times[index]
      const value = values[index]
      if (index < 0 || sampledMs === undefined || value === undefined) continue
      if (sampledMs >= timeMs - lookbackDeltaMs && !isStale(value)) {
        samples.push({ labels, value, timeMs: sampledMs })
      }
    }
    return samples
  }

  private range(expr: MatrixSelector | Subquery, timeMs: number): Range {
    const endMs = this.shifted(expr.kind === 'matrix' ? expr.selector.shift : expr.shift, timeMs)
    const startMs = endMs - expr.rangeMs
    const series = expr.kind === 'matrix' ? this.series(expr.selector) : this.steps(expr, startMs, endMs)
    return { series, startMs, endMs }
  }

  private steps(expr: Subquery, startMs: number, endMs: number): readonly SeriesData[] {
    const step = expr.stepMs ?? this.stepMs
    const found = new Map<string, { labels: Labels; times: number[]; values: number[] }>()
    let at = step * Math.trunc(startMs / step)
    if (at < startMs) at += step
    for (; at <= endMs; at += step) {
      const samples = this.vector(expr.expr, at)
      this.spend(100 * (1 + samples.length))
      for (const { labels, value } of samples) {
        const key = labelsKey(labels)
        let series = found.get(key)
        if (series === undefined) found.set(key, (series = { labels, times: [], values: [] }))
        series.times.push(at)
        series.values.push(value)
      }
    }
    return Array.from(found.values(), (series) => ({ ...series, length: series.times.length }))
  }

  /** The labels without the metric name; throws when another series has become the same by that. */
  private nameless(expr: Expr, labels: Labels): Labels {
    const result = withoutName(labels)
    let origins = this.origins.get(expr)
    if (origins === undefined) this.origins.set(expr, (origins = new Map()))
    const key = labelsKey(result)
    const origin = labelsKey(labels)
    const known = origins.get(key)
    if (known === undefined) origins.set(key, origin)
    else if (known !== origin) throw sameLabels()
    return result
  }

  private binary(expr: BinaryExpr, timeMs: number): readonly VectorSample[] {
    const { op, left, right } = expr
    if (typeOf(left) === 'scalar') {
      return withScalar(expr, this.vector(right, timeMs), this.scalar(left, timeMs), true)
    }
    if (typeOf(right) === 'scalar') {
      return withScalar(expr, this.vector(left, timeMs), this.scalar(right, timeMs), false)
    }
    const combine = op === 'and' || op === 'or' || op === 'unless' ? combineSets : combineVectors
    return combine(expr, this.vector(left, timeMs), this.vector(right, timeMs))
  }

  private aggregation(expr: Aggregation, timeMs: number): readonly VectorSample[] {
    const { parameter } = expr
    const literal = parameter === undefined ? undefined : unwrapParens(parameter)
    const value = literal?.kind === 'string' ? literal.value : literal && this.scalar(literal, timeMs)
    return aggregate(expr, this.vector(expr.expr, timeMs), value)
  }

  private call(expr: Call, timeMs: number): readonly VectorSample[] {
    const { name, args } = expr
    const ranged = args.map(unwrapParens).find((arg) => arg.kind === 'matrix' || arg.kind === 'subquery')
    if (ranged !== undefined) return this.rangeCall(expr, ranged, timeMs)
    const [first, ...others] = args
    if (first === undefined) throw new Error(`${name} without arguments`)
    if (name === 'vector') return [{ labels: noLabels, value: this.scalar(first, timeMs) }]
    if (name === 'timestamp') return this.timestamps(first, timeMs)
    const samples = this.vector(first, timeMs)
    if (name === 'absent') return samples.length > 0 ? [] : [{ labels: labelsOfAbsent(first), value: 1 }]
    const apply = isFunctionName(name) ? instantFunctions[name] : undefined
    if (apply === undefined) throw new Error(`${name} has no code`)
    const literals = others.map(unwrapParens)
    const strings = literals.flatMap((literal) => (literal.kind === 'string' ? [literal.value] : []))
    const scalars = strings.length > 0 ? [] : literals.map((arg) => this.scalar(arg, timeMs))
    return apply(samples, scalars, strings)
  }

  /** Times of the samples for a selector, of the evaluation for anything else. */
  private timestamps(expr: Expr, timeMs: number): readonly VectorSample[] {
    const inner = unwrapParens(expr)
    if (inner.kind !== 'selector') {
      return this.vector(inner, timeMs).map(({ labels }) => ({
        labels: withoutName(labels),
        value: timeMs / 1000,
      }))
    }
    // With @ Prometheus 2.42 loads samples with the offset and looks without it: only what is in both counts.
    const shifted = this.shifted(inner.shift, timeMs)
    const { at } = inner.shift
    const plain = at === undefined ? shifted : this.shifted({ offsetMs: 0, at }, timeMs)
    return this.instant(inner, Math.min(shifted, plain))
      .filter((sample) => sample.timeMs >= Math.max(shifted, plain) - lookbackDeltaMs)
      .map((sample) => ({ labels: withoutName(sample.labels), value: sample.timeMs / 1000 }))
  }

  private rangeCall(expr: Call, ranged: MatrixSelector | Subquery, timeMs: number): VectorSample[] {
    const { name, args } = expr
    const apply = isFunctionName(name) ? rangeFunctions[name] : undefined
    if (apply === undefined) throw new Error(`${name} takes no range`)
    const other = args.find((arg) => unwrapParens(arg) !== ranged)
    const parameter = other === undefined ? Number.NaN : this.scalar(other, timeMs)
    const range = this.range(ranged, timeMs)
    const results: VectorSample[] = []
    for (const series of range.series) {
      const window = windowOf(series, range, timeMs)
      this.spend(window.length)
      const value = window.length === 0 ? undefined : apply(window, parameter)
      if (value === undefined) continue
      if (name === 'absent_over_time') return []
      results.push({
        labels: name === 'last_over_time' ? series.labels : this.nameless(expr, series.labels),
        value,
      })
    }
    return name === 'absent_over_time' ? [{ labels: labelsOfAbsent(ranged), value: 1 }] : results
  }
}
