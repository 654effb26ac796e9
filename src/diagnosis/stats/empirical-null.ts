/**
 * Many comparisons with one or two observations each: what does not matter tells how large chance is.
 *
 * Among hundreds of slabs, calls or functions most are unaffected by any one fault. Their log ratios, sick over
 * healthy, show how far things drift by chance; an outlier is judged against that spread. After Efron's empirical null
 * (JASA 99, 2004), with median and MAD for centre and spread, and a prior on the spread as in Smyth's moderated t
 * (Statistical Applications in Genetics 3, 2004), so that a family of three does not pretend to know it.
 */
import { studentTwoSided } from './distributions.ts'
import { median, spread } from './order.ts'

/** Spread of log ratios assumed before any data: a factor of 1.5 up or down is nothing special. */
const PRIOR_SPREAD = Math.log(1.5)
/** How many comparisons the prior is worth; also the least degrees of freedom. */
const PRIOR_WEIGHT = 6
/** Tails stay heavier than a normal's however large the family is: few families are truly normal. */
const MOST_FREEDOM = 12

export interface EmpiricalNull {
  readonly centre: number
  readonly scale: number
  readonly freedom: number
  /** Two-sided p-value of one log ratio; `noise` is the standard error of this one beyond the family's spread. */
  p(logRatio: number, noise?: number): number
}

/** Learns the null from all log ratios of a family, affected ones included: the median does not mind a minority. */
export function empiricalNull(logRatios: readonly number[]): EmpiricalNull {
  const finite = logRatios.filter(Number.isFinite)
  const n = finite.length
  // A common drift (a busier phase) moves all; with few members the centre is not moved by them.
  const centre = n >= 8 ? median(finite) : 0
  const own = n >= 4 ? spread(finite) : 0
  const variance = (PRIOR_WEIGHT * PRIOR_SPREAD ** 2 + n * own ** 2) / (PRIOR_WEIGHT + n)
  const scale = Math.sqrt(variance)
  const freedom = Math.min(MOST_FREEDOM, PRIOR_WEIGHT + n)
  return {
    centre,
    scale,
    freedom,
    p: (logRatio, noise = 0) => studentTwoSided((logRatio - centre) / Math.hypot(scale, noise), freedom),
  }
}
