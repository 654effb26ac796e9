/** Aggregation of an instant vector; promql/engine.go, aggregation. */
import type { Aggregation, Aggregator } from './ast.ts'
import type { Labels } from '../../model/series.ts'
import { dropLabels, keepLabels, keyOn, keyWithout, withLabel, withoutName } from './labels.ts'
import { sorted } from './instant-functions.ts'
import { formatDecimal, keepsInfiniteMean, quantile } from './numbers.ts'
import { evaluationError, type VectorSample } from './value.ts'

/** One value of all values of a group, of which there is at least one. */
type Fold = (values: readonly number[], parameter: number) => number

/** Not compensated: Prometheus 2.42 adds plainly here. */
const sum: Fold = (values) => values.reduce((total, value) => total + value)

const mean: Fold = (values) =>
  values.reduce((average, value, index) =>
    keepsInfiniteMean(average, value) ? average : average + (value / (index + 1) - average / (index + 1)),
  )

/** Welford's algorithm. The first value deviates from nothing, even if it is infinite. */
const variance: Fold = (values) => {
  let average = values[0] ?? Number.NaN
  let squares = 0
  for (const [index, value] of values.entries()) {
    if (index === 0) continue
    const delta = value - average
    average += delta / (index + 1)
    squares += delta * (value - average)
  }
  return squares / values.length
}

const folds: Readonly<Record<Exclude<Aggregator, 'topk' | 'bottomk'>, Fold>> = {
  sum,
  avg: mean,
  min: (values) => values.reduce((least, value) => (value < least || least !== least ? value : least)),
  max: (values) => values.reduce((most, value) => (value > most || most !== most ? value : most)),
  count: (values) => values.length,
  count_values: (values) => values.length,
  group: () => 1,
  stdvar: variance,
  stddev: (values, parameter) => Math.sqrt(variance(values, parameter)),
  quantile: (values, q) => quantile(q, Float64Array.from(values)),
}

interface Group {
  readonly labels: Labels
  readonly samples: VectorSample[]
}

function group(
  samples: readonly VectorSample[],
  without: boolean,
  names: readonly string[],
): Iterable<Group> {
  const groups = new Map<string, Group>()
  for (const sample of samples) {
    const key = without ? keyWithout(sample.labels, names) : keyOn(sample.labels, names)
    const known = groups.get(key)
    if (known !== undefined) {
      known.samples.push(sample)
      continue
    }
    const labels = without ? dropLabels(withoutName(sample.labels), names) : keepLabels(sample.labels, names)
    groups.set(key, { labels, samples: [sample] })
  }
  return groups.values()
}

/** The aggregate of the samples. `parameter` is the evaluated k, quantile or label name; throws for a k that is no integer. */
export function aggregate(
  node: Aggregation,
  samples: readonly VectorSample[],
  parameter: number | string | undefined,
): VectorSample[] {
  const { op, without, labels: names } = node
  if (op === 'topk' || op === 'bottomk') {
    const k = count(Number(parameter))
    if (k < 1) return []
    const sign = op === 'topk' ? -1 : 1
    return [...group(samples, without, names)].flatMap((each) => sorted(each.samples, sign).slice(0, k))
  }
  const fold = folds[op]
  if (op === 'count_values' && typeof parameter === 'string') {
    const labelled = samples.map(({ labels, value }) => ({
      labels: withLabel(labels, parameter, formatDecimal(value)),
      value,
    }))
    return foldAll(group(labelled, without, without ? names : [...names, parameter]), fold, Number.NaN)
  }
  return foldAll(group(samples, without, names), fold, Number(parameter ?? Number.NaN))
}

const foldAll = (groups: Iterable<Group>, fold: Fold, parameter: number): VectorSample[] =>
  Array.from(groups, ({ labels, samples }) => ({
    labels,
    value: fold(
      samples.map(({ value }) => value),
      parameter,
    ),
  }))

function count(k: number): number {
  if (!(k >= -(2 ** 63) && k <= 2 ** 63)) throw evaluationError(`${formatDecimal(k)} is no number of series`)
  return Math.trunc(k)
}
