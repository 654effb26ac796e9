/** Which key an operation is about. */
import type { Random } from '../../base/random.ts'

/** The exponent that YCSB has: the first of a thousand keys gets about an eighth of all operations. */
const THETA = 0.99

/**
 * Chooses among `count` keys by number. Zipfian numbers are made in constant time, as in Gray et al., Quickly Generating
 * Billion-Record Synthetic Databases (SIGMOD 1994); key 0 is the most wanted one.
 */
export function keyChooser(distribution: 'uniform' | 'zipfian', count: number): (random: Random) => number {
  if (distribution === 'uniform' || count < 3) return (random) => random.below(count)
  let zeta = 0
  for (let rank = 1; rank <= count; rank += 1) zeta += 1 / rank ** THETA
  const zetaOfTwo = 1 + 1 / 2 ** THETA
  const eta = (1 - (2 / count) ** (1 - THETA)) / (1 - zetaOfTwo / zeta)
  return (random) => {
    const u = random.next()
    if (u * zeta < 1) return 0
    if (u * zeta < zetaOfTwo) return 1
    return Math.min(count - 1, Math.floor(count * (eta * u - eta + 1) ** (1 / (1 - THETA))))
  }
}

/** Chooses an item as often as its weight says; there must be one with a weight. */
export function weightedChooser<T>(
  items: readonly { readonly item: T; readonly weight: number }[],
): (random: Random) => T {
  const total = items.reduce((sum, { weight }) => sum + weight, 0)
  const last = items.findLast(({ weight }) => weight > 0)
  if (last === undefined) throw new Error('nothing has a weight')
  return (random) => {
    let left = random.next() * total
    for (const { item, weight } of items) {
      left -= weight
      if (left < 0) return item
    }
    // Fractions do not add up to their sum: something can be left over.
    return last.item
  }
}
