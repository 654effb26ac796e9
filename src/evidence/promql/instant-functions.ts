/** Functions of an instant vector: all arguments but the first are scalars or strings. */
import type { FunctionName } from './functions.ts'
import type { Labels } from '../../model/series.ts'
import type { VectorSample } from './value.ts'
import { labelJoiner, labelReplacer } from './label-functions.ts'
import { withoutName } from './labels.ts'
import { compareValues, maximum, minimum } from './numbers.ts'

type VectorFunction = (
  samples: readonly VectorSample[],
  scalars: readonly number[],
  strings: readonly string[],
) => readonly VectorSample[]

/** Values change and the metric name goes. */
const eachValue = (samples: readonly VectorSample[], change: (value: number) => number): VectorSample[] =>
  samples.map(({ labels, value }) => ({ labels: withoutName(labels), value: change(value) }))

const eachLabels = (samples: readonly VectorSample[], change: (labels: Labels) => Labels): VectorSample[] =>
  samples.map(({ labels, value }) => ({ labels: change(labels), value }))

const simple =
  (change: (value: number) => number): VectorFunction =>
  (samples) =>
    eachValue(samples, change)

const isNaNLast = (value: number): number => (value !== value ? 1 : 0)

/** By value, ascending for sign 1; NaN comes last either way. Of equals the first stays first. */
export const sorted = (samples: readonly VectorSample[], sign: 1 | -1): readonly VectorSample[] =>
  samples.toSorted(
    (a, b) => isNaNLast(a.value) - isNaNLast(b.value) || sign * compareValues(a.value, b.value),
  )

export const instantFunctions: Readonly<Partial<Record<FunctionName, VectorFunction>>> = {
  abs: simple(Math.abs),
  ceil: simple(Math.ceil),
  floor: simple(Math.floor),
  sqrt: simple(Math.sqrt),
  exp: simple(Math.exp),
  ln: simple(Math.log),
  log2: simple(Math.log2),
  log10: simple(Math.log10),
  sgn: simple((value) => (value < 0 ? -1 : value > 0 ? 1 : value)),
  clamp: (samples, [low = Number.NaN, high = Number.NaN]) =>
    high < low ? [] : eachValue(samples, (value) => maximum(low, minimum(high, value))),
  clamp_min: (samples, [low = Number.NaN]) => eachValue(samples, (value) => maximum(low, value)),
  clamp_max: (samples, [high = Number.NaN]) => eachValue(samples, (value) => minimum(high, value)),
  round: (samples, [nearest = 1]) => {
    // Multiplying by the inverse keeps round(x, 0.1) from showing digits that are not there.
    const inverse = 1 / nearest
    return eachValue(samples, (value) => Math.floor(value * inverse + 0.5) / inverse)
  },
  sort: (samples) => sorted(samples, 1),
  sort_desc: (samples) => sorted(samples, -1),
  label_replace: (samples, _, [target = '', template = '', source = '', pattern = '']) =>
    eachLabels(samples, labelReplacer(target, template, source, pattern)),
  label_join: (samples, _, [target = '', separator = '', ...sources]) =>
    eachLabels(samples, labelJoiner(target, separator, sources)),
}
