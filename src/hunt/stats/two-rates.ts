/**
 * Whether two rates differ, looked at after every run: universal inference (Wasserman, Ramdas and Balakrishnan 2020).
 * The evidence compares what each side's own runs so far had predicted of the next one with the best that a common rate
 * can do afterwards. If the rates are the same, it ever exceeds 1/alpha with probability alpha at most.
 */
import { lnBeta } from './beta.ts'

export interface Count {
  readonly shown: number
  readonly runs: number
}

const predicted = ({ shown, runs }: Count): number =>
  lnBeta(0.5 + shown, 0.5 + runs - shown) - lnBeta(0.5, 0.5)

/** Natural logarithm of the evidence that the rates differ; below zero, it speaks for a common rate. */
export function evidenceOfDifference(a: Count, b: Count): number {
  const runs = a.runs + b.runs
  const shown = a.shown + b.shown
  const term = (count: number): number => (count === 0 ? 0 : count * Math.log(count / runs))
  return predicted(a) + predicted(b) - term(shown) - term(runs - shown)
}
