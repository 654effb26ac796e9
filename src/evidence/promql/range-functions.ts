/** Functions of range vectors, one series at a time; formulas of promql/functions.go of Prometheus 2.42. */
import type { FunctionName } from './functions.ts'
import type { RangeWindow } from './range-window.ts'
import { CompensatedSum, isInfinite, keepsInfiniteMean, quantile } from './numbers.ts'

/** Gives `undefined` when the series has too few samples to say anything. `length` is at least 1. */
type RangeFunction = (window: RangeWindow, parameter: number) => number | undefined

const first = (array: Float64Array): number => array[0] ?? Number.NaN
const at = (array: Float64Array, index: number): number => array[index] ?? Number.NaN

/**
 * Increase, corrected for counter resets and extrapolated to the ends of the range: by the whole distance when the
 * first or last sample is nearer to its end than 1.1 mean intervals, by half an interval otherwise, and never below 0.
 * Divided by `perSeconds`.
 */
function extrapolated(window: RangeWindow, isCounter: boolean, perSeconds = 1): number | undefined {
  const { times, values, length } = window
  if (length < 2) return undefined
  let increase = at(values, length - 1) - first(values)
  if (isCounter) {
    for (let index = 1; index < length; index++) {
      const previous = at(values, index - 1)
      if (at(values, index) < previous) increase += previous
    }
  }
  let toStart = (first(times) - window.startMs) / 1000
  const toEnd = (window.endMs - at(times, length - 1)) / 1000
  const sampled = (at(times, length - 1) - first(times)) / 1000
  const meanInterval = sampled / (length - 1)
  if (isCounter && increase > 0 && first(values) >= 0) {
    toStart = Math.min(toStart, sampled * (first(values) / increase))
  }
  const threshold = meanInterval * 1.1
  const covered =
    sampled +
    (toStart < threshold ? toStart : meanInterval / 2) +
    (toEnd < threshold ? toEnd : meanInterval / 2)
  // The order of these operations decides the last digit.
  return increase * (covered / sampled / perSeconds)
}

/** Difference of the last two samples. */
function lastDifference({ times, values, length }: RangeWindow, isRate: boolean): number | undefined {
  if (length < 2) return undefined
  const last = at(values, length - 1)
  const previous = at(values, length - 2)
  const interval = at(times, length - 1) - at(times, length - 2)
  if (interval === 0) return undefined
  const difference = isRate && last < previous ? last : last - previous
  return isRate ? difference / (interval / 1000) : difference
}

/** Least squares; the intercept is at `originMs`. */
function regression(
  { times, values, length }: RangeWindow,
  originMs: number,
): { readonly slope: number; readonly intercept: number } | undefined {
  if (length < 2) return undefined
  const sums = {
    x: new CompensatedSum(),
    y: new CompensatedSum(),
    xy: new CompensatedSum(),
    xx: new CompensatedSum(),
  }
  let constant = true
  for (let index = 0; index < length; index++) {
    const x = (at(times, index) - originMs) / 1000
    const y = at(values, index)
    if (index > 0 && y !== first(values)) constant = false
    sums.x.add(x)
    sums.y.add(y)
    sums.xy.add(x * y)
    sums.xx.add(x * x)
  }
  if (constant) {
    return isInfinite(first(values))
      ? { slope: Number.NaN, intercept: Number.NaN }
      : { slope: 0, intercept: first(values) }
  }
  const raw = ({ sum, compensation }: CompensatedSum): number => sum + compensation
  const x = raw(sums.x)
  const y = raw(sums.y)
  const slope = (raw(sums.xy) - (x * y) / length) / (raw(sums.xx) - (x * x) / length)
  return { slope, intercept: y / length - (slope * x) / length }
}

function mean({ values, length }: RangeWindow): number {
  const total = new CompensatedSum()
  for (let index = 0; index < length; index++) {
    const value = at(values, index)
    if (!keepsInfiniteMean(total.sum, value)) total.add(value / (index + 1) - total.sum / (index + 1))
  }
  return total.value
}

/** Welford's algorithm with compensated sums. */
function variance({ values, length }: RangeWindow): number {
  const average = new CompensatedSum()
  const squares = new CompensatedSum()
  for (let index = 0; index < length; index++) {
    const value = at(values, index)
    const delta = value - (average.sum + average.compensation)
    average.add(delta / (index + 1))
    squares.add(delta * (value - (average.sum + average.compensation)))
  }
  return (squares.sum + squares.compensation) / length
}

/** The greatest or, with sign -1, the least value; NaN only when there is nothing else. */
function extreme({ values, length }: RangeWindow, sign: 1 | -1): number {
  let best = first(values)
  for (let index = 1; index < length; index++) {
    const value = at(values, index)
    if (value * sign > best * sign || best !== best) best = value
  }
  return best
}

/** How often `differs` holds between one sample and the next. */
function countSteps(
  { values, length }: RangeWindow,
  differs: (before: number, after: number) => boolean,
): number {
  let count = 0
  for (let index = 1; index < length; index++) if (differs(at(values, index - 1), at(values, index))) count++
  return count
}

function sum({ values, length }: RangeWindow): number {
  const total = new CompensatedSum()
  for (let index = 0; index < length; index++) total.add(at(values, index))
  return total.value
}

export const rangeFunctions: Readonly<Partial<Record<FunctionName, RangeFunction>>> = {
  rate: (window) => extrapolated(window, true, (window.endMs - window.startMs) / 1000),
  increase: (window) => extrapolated(window, true),
  delta: (window) => extrapolated(window, false),
  irate: (window) => lastDifference(window, true),
  idelta: (window) => lastDifference(window, false),
  // The origin lies among the samples, so that no digits are lost.
  deriv: (window) => regression(window, first(window.times))?.slope,
  predict_linear: (window, seconds) => {
    const line = regression(window, window.evaluationMs)
    return line === undefined ? undefined : line.slope * seconds + line.intercept
  },
  changes: (window) => countSteps(window, (a, b) => a !== b && !(a !== a && b !== b)),
  resets: (window) => countSteps(window, (a, b) => b < a),
  avg_over_time: mean,
  sum_over_time: sum,
  min_over_time: (window) => extreme(window, -1),
  max_over_time: (window) => extreme(window, 1),
  count_over_time: ({ length }) => length,
  last_over_time: ({ values, length }) => at(values, length - 1),
  present_over_time: () => 1,
  absent_over_time: () => 1,
  stdvar_over_time: variance,
  stddev_over_time: (window) => Math.sqrt(variance(window)),
  quantile_over_time: ({ values, length }, q) => quantile(q, values.slice(0, length)),
}
