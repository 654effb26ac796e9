/** The samples of one series in a range. */
import type { SeriesData } from '../../model/series.ts'
import { isStale } from '../../model/series.ts'

/** Stale markers are left out: the first `length` of the arrays count, at `times` ms since the epoch. */
export interface RangeWindow {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly length: number
  /** The range that was asked for; samples lie within [start, end]. */
  readonly startMs: number
  readonly endMs: number
  /** Time of the evaluation, which differs from `endMs` by the offset. */
  readonly evaluationMs: number
}

/** How many of the ascending times are not after `timeMs`. */
export function countUpTo(times: ArrayLike<number>, length: number, timeMs: number): number {
  // Most evaluations are about the latest sample.
  if (length === 0 || (times[length - 1] ?? 0) <= timeMs) return length
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) <= timeMs) low = middle + 1
    else high = middle
  }
  return low
}

// One window at a time is looked at, so all share this memory.
let sharedTimes = new Float64Array(1024)
let sharedValues = new Float64Array(1024)

/** The window of a series; its arrays are good until the next call. */
export function windowOf(
  { times, values, length }: SeriesData,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
  evaluationMs: number,
): RangeWindow {
  const end = countUpTo(times, length, endMs)
  let begin = end
  while (begin > 0 && (times[begin - 1] ?? 0) >= startMs) begin--
  if (end - begin > sharedTimes.length) {
    sharedTimes = new Float64Array(2 * (end - begin))
    sharedValues = new Float64Array(2 * (end - begin))
  }
  let kept = 0
  for (let index = begin; index < end; index++) {
    const value = values[index] ?? Number.NaN
    if (isStale(value)) continue
    sharedTimes[kept] = times[index] ?? Number.NaN
    sharedValues[kept] = value
    kept++
  }
  return { times: sharedTimes, values: sharedValues, length: kept, startMs, endMs, evaluationMs }
}
