/**
 * An interval of a rate that may be looked at after every run. It holds the truth at all times together with the stated
 * confidence; the usual intervals hold it at one time that was fixed beforehand, and not when one stops as one likes.
 *
 * The mixture method of Robbins (1970) with a Beta(1/2, 1/2) mixture: over all rates that are thought of, the mean
 * likelihood ratio against the true rate exceeds 1/alpha at any time with probability alpha at most (Ville).
 */
import { lnBeta } from './beta.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

const MIXTURE = 0.5

/** @param confidence in (0, 1) */
export function confidenceSequence(shown: number, runs: number, confidence: number): Interval {
  if (runs === 0) return { low: 0, high: 1 }
  const clean = runs - shown
  const mixed = lnBeta(MIXTURE + shown, MIXTURE + clean) - lnBeta(MIXTURE, MIXTURE)
  const times = (count: number, rate: number): number => (count === 0 ? 0 : count * Math.log(rate))
  const excluded = (rate: number): boolean =>
    mixed - times(shown, rate) - times(clean, 1 - rate) >= -Math.log(1 - confidence)
  const observed = shown / runs
  const edge = (outside: number): number => {
    if (outside === observed) return outside
    let [out, inside] = [outside, observed]
    for (let step = 0; step < 60; step++) {
      const middle = (out + inside) / 2
      if (excluded(middle)) out = middle
      else inside = middle
    }
    return inside
  }
  return { low: edge(0), high: edge(1) }
}
