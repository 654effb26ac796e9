/** Noise with a stated memory and no steps: what a series without a change looks like. */
import type { Random } from '../../base/random.ts'

/** A standard normal number for each call, by Marsaglia's polar method (SIAM Review 6, 1964). */
export function normal(random: Random): () => number {
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    for (;;) {
      const [u, v] = [2 * random.next() - 1, 2 * random.next() - 1]
      const square = u * u + v * v
      if (square >= 1 || square === 0) continue
      const factor = Math.sqrt((-2 * Math.log(square)) / square)
      spare = v * factor
      return u * factor
    }
  }
}

/** AR(1) with variance 1 from its first value on, for 0 <= memory < 1. */
export function remembering(length: number, memory: number, next: () => number): Float64Array {
  const values = new Float64Array(length)
  const fresh = Math.sqrt(1 - memory * memory)
  let value = next()
  for (let i = 0; i < length; i++) {
    values[i] = value
    value = memory * value + fresh * next()
  }
  return values
}
