/** Whether one series follows another: correlation of their changes, with a lag, judged by circular shifts. */
import { spearman } from './correlation.ts'

export interface Following {
  /** Rank correlation of the changes at the best lag, -1 to 1. */
  readonly rho: number
  /** By how many samples the follower comes later. */
  readonly lag: number
  /** Share of circular shifts that fit as well by chance; at least 1 over their number. */
  readonly p: number
}

/** Fewer changes than this tell nothing. */
const LEAST = 12

/**
 * How `follower` follows `leader`, sampled at the same times, up to `mostLag` samples later.
 *
 * First differences take out what both merely share: any two steady growths correlate (Granger and Newbold, Journal of
 * Econometrics 2, 1974). A circular shift keeps the autocorrelation of a series and breaks its alignment, so that shifts
 * longer than the lags give the distribution of the best of all lags by chance (Theiler et al., Physica D 58, 1992).
 */
export function follows(leader: readonly number[], follower: readonly number[], mostLag = 3): Following {
  const a = changes(leader)
  const b = changes(follower)
  const n = Math.min(a.length, b.length)
  if (n < LEAST) return { rho: 0, lag: 0, p: 1 }
  const best = bestLag(a.slice(0, n), b.slice(0, n), mostLag)
  let asGood = 0
  let tried = 0
  for (let shift = mostLag + 1; shift < n - mostLag; shift++) {
    const shifted = a.map((_, i) => a[(i + shift) % n] ?? 0).slice(0, n)
    tried++
    if (Math.abs(bestLag(shifted, b.slice(0, n), mostLag).rho) >= Math.abs(best.rho)) asGood++
  }
  return { ...best, p: (asGood + 1) / (tried + 1) }
}

function bestLag(a: readonly number[], b: readonly number[], mostLag: number): { rho: number; lag: number } {
  let best = { rho: 0, lag: 0 }
  for (let lag = 0; lag <= mostLag; lag++) {
    const { rho } = spearman(a.slice(0, a.length - lag), b.slice(lag))
    if (Math.abs(rho) > Math.abs(best.rho)) best = { rho, lag }
  }
  return best
}

const changes = (values: readonly number[]): number[] =>
  values.slice(1).map((value, i) => value - (values[i] ?? 0))
