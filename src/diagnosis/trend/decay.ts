/**
 * How the figure of the symptom itself came to where it is: held its level and fell in a step, or wore off.
 *
 * A step is one change point (PELT) that explains more of the series than an exponential decay does; both are fitted by
 * least squares and have as many parameters but one, which the Bayesian information criterion charges for (Schwarz 1978).
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { within, type Series } from '../case/series.ts'
import { literal, query } from '../case/sql.ts'
import { isStated, symptomKey } from '../difference/symptom.ts'
import { unitOfMetric } from '../knowledge/metrics.ts'
import { amount, duration, plain, times } from '../statement/format.ts'
import { changePoints } from '../stats/change-point.ts'
import { theilSen } from '../stats/trend.ts'
import { mean, median } from '../stats/order.ts'

const LEAST_SAMPLES = 10

/** Gauges of the symptom's condition, such as the throughput that a writer reports. */
export async function decays(the: Case, found: readonly Candidate[]): Promise<Candidate[]> {
  const { symptom } = the
  if (symptom === null) return []
  return (await the.series())
    .filter((one) => !one.counter && isStated(the, one.metric, one.labelText))
    .flatMap((series) => {
      // Whether it changed at all was compared already, before and during: how it did is only described here.
      const { node, metric, labelText } = series
      const changed = found.find(({ key }) => key === symptomKey(node, metric, labelText))
      const values = within(series, 0, the.seconds(the.sick.to))
      if (changed === undefined || values.length < LEAST_SAMPLES) return []
      const shape = shapeOf(series.times.slice(0, values.length), values)
      return shape === undefined ? [] : [candidateOf(the, series, shape, changed.comparison)]
    })
}

interface Shape {
  readonly type: 'step' | 'gradual'
  readonly before: number
  readonly after: number
  /** When the step was, or the change began, seconds since the workload began. */
  readonly at: number
  /** Time in which what is left halves or doubles, s; of a gradual one. */
  readonly halfLife?: number
}

/** More values than this that never fall are a count, which has no level to hold. */
const MOST_OF_LEVELS = 6

const isCount = (values: readonly number[]): boolean =>
  new Set(values).size > MOST_OF_LEVELS && values.every((value, i) => value >= (values[i - 1] ?? value))

/** Undefined for a series that holds its level, or counts. */
function shapeOf(moments: readonly number[], values: readonly number[]): Shape | undefined {
  if (isCount(values)) return undefined
  const points = changePoints(values)
  const levels = [0, ...points].map((from, i) => mean(values.slice(from, points[i] ?? values.length)))
  const steps = points.map((point, i) => ({ point, size: Math.abs((levels[i + 1] ?? 0) - (levels[i] ?? 0)) }))
  const [main] = steps.toSorted((a, b) => b.size - a.size)
  if (main === undefined) return undefined
  const [left, right] = [values.slice(0, main.point), values.slice(main.point)]
  const bySteps =
    squares(
      left,
      left.map(() => mean(left)),
    ) +
    squares(
      right,
      right.map(() => mean(right)),
    )
  const [first = 0] = moments
  const common = {
    before: median(left),
    after: median(right),
    at: moments[main.point] ?? first,
  }
  if (values.some((value) => value <= 0)) return { type: 'step', ...common }
  const { slope, intercept } = theilSen(moments, values.map(Math.log))
  const byCurve = squares(
    values,
    moments.map((at) => Math.exp(intercept + slope * at)),
  )
  const n = values.length
  const information = (rest: number, parameters: number): number =>
    n * Math.log(Math.max(rest, Number.MIN_VALUE) / n) + parameters * Math.log(n)
  if (information(bySteps, 3) <= information(byCurve, 2)) return { type: 'step', ...common }
  const edge = Math.max(2, Math.floor(n / 10))
  return {
    type: 'gradual',
    before: median(values.slice(0, edge)),
    after: median(values.slice(-edge)),
    at: first,
    halfLife: Math.abs(Math.LN2 / slope),
  }
}

const squares = (values: readonly number[], fitted: readonly number[]): number =>
  values.reduce((sum, value, i) => sum + (value - (fitted[i] ?? 0)) ** 2, 0)

function candidateOf(
  the: Case,
  series: Series,
  shape: Shape,
  comparison: Candidate['comparison'],
): Candidate {
  const { node, metric, labels, labelText } = series
  const { type, before, after, at, halfLife } = shape
  const unit = unitOfMetric(metric)
  const probe = labels['probe']
  const name = `${metric}${probe === undefined ? '' : ` of probe ${probe}`}`
  const fell = after < before
  const levels = `${amount(before, unit)} to ${amount(after, unit)}, ${fell ? 'to ' : ''}${times(after / before)}`
  const onset = the.seconds(the.first.from)
  const when = `${duration(Math.abs(onset - at) * 1e9)} ${at <= onset ? 'before' : 'after'} the symptom showed`
  const start = series.times[0] ?? 0
  const how =
    type === 'step'
      ? `held ${amount(before, unit)} for ${duration((at - start) * 1e9)} and then ${fell ? 'fell' : 'rose'} in one step to ${amount(after, unit)}, ${when}`
      : `${fell ? 'wore off' : 'grew'} from ${levels}, ${fell ? 'halving' : 'doubling'} every ${duration((halfLife ?? 0) * 1e9)}`
  const sql = query(`
    SELECT ts, value FROM samples
    WHERE metric = ${literal(metric)} AND labels = ${literal(labelText)} AND node = ${literal(node)} ORDER BY ts`)
  return {
    kind: 'trend',
    layer: 'symptom',
    stage: 'symptom',
    subject: { node, metric, ...(probe === undefined ? {} : { probe }) },
    statement: `${plain(name)} ${how}.`,
    brief: `${plain(name)} ${how}`,
    effect: { value: after, unit, reference: before, ratio: after / before },
    comparison,
    big: true,
    sql,
    chart: { type: 'lines', title: plain(name), unit, sql },
    about: [
      `metric:${metric}`,
      ...(probe === undefined ? [] : [`probe:${probe}`]),
      fell ? 'effect:decay' : 'effect:growth',
      'effect:stated',
    ],
    weight: 120,
    key: `decay ${node} ${metric} ${labelText}`,
  }
}
