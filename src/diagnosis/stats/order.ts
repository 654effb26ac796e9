/** Order statistics. Inputs are never changed; empty inputs give NaN. */

/** Ascending copy. */
export const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

/** Quantile by linear interpolation (type 7 of Hyndman and Fan 1996). */
export function quantile(values: readonly number[], q: number): number {
  const ordered = sorted(values)
  const at = (ordered.length - 1) * q
  const low = ordered[Math.floor(at)]
  const high = ordered[Math.ceil(at)]
  if (low === undefined || high === undefined) return Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

/** The middle value. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Median absolute deviation, scaled so that it estimates the standard deviation of a normal. */
export function spread(values: readonly number[]): number {
  const middle = median(values)
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)))
}

/** Arithmetic mean. */
export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length

/** Ranks from 1, ties get their average; with the sum of t^3 - t over groups of ties. */
export function ranks(values: readonly number[]): { ranks: number[]; tieTerm: number } {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value)
  const result = Array.from<number>({ length: values.length }).fill(0)
  let tieTerm = 0
  for (let start = 0; start < order.length;) {
    let end = start + 1
    while (end < order.length && order[end]?.value === order[start]?.value) end++
    for (let i = start; i < end; i++) result[order[i]?.index ?? 0] = (start + end + 1) / 2
    const ties = end - start
    tieTerm += ties ** 3 - ties
    start = end
  }
  return { ranks: result, tieTerm }
}
