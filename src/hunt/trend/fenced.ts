/**
 * Values as they are, but for those far outside of most: Tukey's outer fences (Exploratory Data Analysis, 1977). Ranks,
 * which know no outliers, know no large steps either: all values of the higher level are just higher. Where the fences
 * are depends on the values, not on their order, so that dealing them out anew (shuffle.ts) tells what chance makes.
 */
import { quantile } from '../../diagnosis/stats/order.ts'

const FENCE = 3
/** A step of so many standard deviations is a large one, of which ranks tell less than values. */
const LARGE = 3

export function fenced(values: Float64Array): Float64Array {
  const [low, high] = [0.25, 0.75].map((share) => quantile([...values], share)) as [number, number]
  const reach = FENCE * (high - low)
  return values.map((value) => Math.max(low - reach, Math.min(high + reach, value)))
}

/** Whether the levels on both sides of every bound lie far apart, for the noise that differences of neighbours show. */
export function isLarge(values: Float64Array, bounds: readonly number[]): boolean {
  const steps = Array.from(values.subarray(1), (value, i) => Math.abs(value - (values[i] ?? 0)))
  const scatter = (1.4826 * quantile(steps, 0.5)) / Math.SQRT2
  const levels = bounds.slice(1).map((to, i) => quantile([...values.subarray(bounds[i], to)], 0.5))
  return levels.slice(1).every((level, i) => Math.abs(level - (levels[i] ?? 0)) > LARGE * scatter)
}
