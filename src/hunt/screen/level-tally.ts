/** Runs counted by the levels of two factors at once. */
import type { Counts } from './rates.ts'
import type { Observation, Space } from './space.ts'

export interface Tally {
  readonly shown: Uint32Array
  readonly clean: Uint32Array
  /** Where the runs stand that have these levels of two factors, the first before the second. */
  readonly index: (first: number, second: number, levelOfFirst: number, levelOfSecond: number) => number
  readonly total: Counts
}

export function tallyOf(space: Space, observations: readonly Observation[]): Tally {
  const factors = space.names.length
  const width = Math.max(...space.levels.map((levels) => levels.length))
  const index = (first: number, second: number, i: number, j: number): number =>
    ((first * factors + second) * width + i) * width + j
  const shown = new Uint32Array(factors * factors * width * width)
  const clean = new Uint32Array(shown.length)
  const total = { shown: 0, clean: 0 }
  for (const { outcome, levels } of observations) {
    if (outcome !== 'shown' && outcome !== 'clean') continue
    total[outcome]++
    const cells = outcome === 'shown' ? shown : clean
    for (let first = 0; first < factors; first++) {
      for (let second = first; second < factors; second++) {
        const at = index(first, second, levels[first] ?? 0, levels[second] ?? 0)
        cells[at] = (cells[at] ?? 0) + 1
      }
    }
  }
  return { shown, clean, index, total }
}
