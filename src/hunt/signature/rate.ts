/** How often a bug comes, out of the runs that could have shown it. */
import { logChoose } from '../../diagnosis/stats/distributions.ts'

/** Share of runs, in [0, 1], with an interval that holds the truth. */
export interface Rate {
  readonly shown: number
  readonly runs: number
  readonly low: number
  readonly high: number
}

/**
 * The rate with an interval that is right with probability `confidence` at all times together, however often somebody looks
 * while runs are added: the p against which a uniform mixture of the alternatives has not gained 1 / (1 - confidence)
 * (Robbins, Statistical Methods Related to the Law of the Iterated Logarithm, 1970; Ville's inequality).
 */
export function rateOf(shown: number, runs: number, confidence = 0.95): Rate {
  const least = Math.log(1 - confidence) - Math.log(runs + 1) - logChoose(runs, shown)
  const isIn = (p: number): boolean =>
    times(shown, Math.log(p)) + times(runs - shown, Math.log1p(-p)) >= least
  const peak = runs === 0 ? 0.5 : shown / runs
  return {
    shown,
    runs,
    low: shown === 0 ? 0 : edge(isIn, peak, 0),
    high: shown === runs ? 1 : edge(isIn, peak, 1),
  }
}

/** 0 times infinity is 0 here. */
const times = (count: number, log: number): number => (count === 0 ? 0 : count * log)

/** Where `isIn` ends between a point inside and one outside. */
function edge(isIn: (p: number) => boolean, inside: number, outside: number): number {
  let [within, without] = [inside, outside]
  for (let step = 0; step < 60; step++) {
    const middle = (within + without) / 2
    if (isIn(middle)) within = middle
    else without = middle
  }
  return without
}
