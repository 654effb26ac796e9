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

/**
 * Natural logarithm of the evidence that the second rate is not the first one and `shift`; below zero, it speaks for it.
 * Without a shift: that the rates differ.
 */
export function evidenceOfDifference(a: Count, b: Count, shift = 0): number {
  return predicted(a) + predicted(b) - likeliest(a, b, shift)
}

/** Log-likelihood of the best pair of rates that are `shift` apart. It is concave: halved by its slope. */
function likeliest(a: Count, b: Count, shift: number): number {
  const times = (count: number, rate: number): number => (count === 0 ? 0 : count * Math.log(rate))
  const slope = (rate: number): number =>
    over(a.shown, rate) -
    over(a.runs - a.shown, 1 - rate) +
    over(b.shown, rate + shift) -
    over(b.runs - b.shown, 1 - rate - shift)
  let [low, high] = [Math.max(0, -shift), Math.min(1, 1 - shift)]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (slope(middle) > 0) low = middle
    else high = middle
  }
  const rate = (low + high) / 2
  const [first, second] = [rate, rate + shift].map((one) => Math.min(1, Math.max(0, one)))
  return (
    times(a.shown, first ?? 0) +
    times(a.runs - a.shown, 1 - (first ?? 0)) +
    times(b.shown, second ?? 0) +
    times(b.runs - b.shown, 1 - (second ?? 0))
  )
}

const over = (count: number, rate: number): number => (count === 0 ? 0 : count / Math.max(rate, 1e-300))

/** The differences of the second rate from the first that are not excluded, at all times with this confidence. */
export function differenceInterval(
  a: Count,
  b: Count,
  confidence: number,
): { readonly low: number; readonly high: number } {
  const bound = -Math.log(1 - confidence)
  const guess = a.runs === 0 || b.runs === 0 ? 0 : b.shown / b.runs - a.shown / a.runs
  const edge = (end: number): number => {
    if (guess === end) return end
    let [inside, out] = [guess, end]
    for (let step = 0; step < 40; step++) {
      const middle = (inside + out) / 2
      if (evidenceOfDifference(a, b, middle) >= bound) out = middle
      else inside = middle
    }
    return inside
  }
  return { low: edge(-1), high: edge(1) }
}
