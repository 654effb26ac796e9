/** p-values corrected for the number of comparisons; results in the order of the input. */

/** Benjamini-Hochberg (JRSS B 57, 1995): the share of false ones among those called true stays below the level. */
export function benjaminiHochberg(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => b.p - a.p)
  const result = Array.from<number>({ length: ps.length }).fill(1)
  let smallest = 1
  for (const [place, { p, index }] of order.entries()) {
    smallest = Math.min(smallest, (p * ps.length) / (ps.length - place))
    result[index] = smallest
  }
  return result
}

/** Holm (Scandinavian Journal of Statistics 6, 1979): the chance of even one false one stays below the level. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  const result = Array.from<number>({ length: ps.length }).fill(1)
  let largest = 0
  for (const [place, { p, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, p * (ps.length - place)))
    result[index] = largest
  }
  return result
}
