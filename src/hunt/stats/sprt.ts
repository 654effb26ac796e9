/**
 * Which of two rates it is: Wald's sequential probability ratio test (1945), which no other test of the same errors
 * beats in expected runs at either rate (Wald and Wolfowitz 1948).
 */
import type { Count } from './two-rates.ts'

export interface Sprt {
  /** The rates to decide between, `low` below `high`, in [0, 1]. */
  readonly low: number
  readonly high: number
  /** Chance of the wrong answer at either rate, in (0, 0.5). */
  readonly error: number
}

const times = (count: number, log: number): number => (count === 0 ? 0 : count * log)

/** `low` or `high` once it is decided; null while it is not. */
export function decide({ shown, runs }: Count, { low, high, error }: Sprt): 'low' | 'high' | null {
  const ratio =
    times(shown, Math.log(high) - Math.log(low)) + times(runs - shown, Math.log1p(-high) - Math.log1p(-low))
  const bound = Math.log((1 - error) / error)
  return ratio >= bound ? 'high' : ratio <= -bound ? 'low' : null
}
