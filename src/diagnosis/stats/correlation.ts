/** Rank correlation of two series. */
import { autocorrelationTime } from './autocorrelation.ts'
import { studentTwoSided } from './distributions.ts'
import { mean, ranks } from './order.ts'

export interface Correlation {
  /** Spearman's rho, -1 to 1. */
  readonly rho: number
  readonly p: number
}

/** Spearman's rho; the p-value counts only as many pairs as are independent (Bartlett: the product of both times). */
export function spearman(a: readonly number[], b: readonly number[]): Correlation {
  const n = Math.min(a.length, b.length)
  if (n < 4) return { rho: 0, p: 1 }
  const x = ranks(a.slice(0, n)).ranks
  const y = ranks(b.slice(0, n)).ranks
  const rho = pearson(x, y)
  const effective = Math.max(3, n / Math.max(1, Math.sqrt(autocorrelationTime(x) * autocorrelationTime(y))))
  const df = effective - 2
  if (df <= 0) return { rho, p: 1 }
  const t = rho * Math.sqrt(df / Math.max(1e-12, 1 - rho * rho))
  return { rho, p: studentTwoSided(t, df) }
}

function pearson(x: readonly number[], y: readonly number[]): number {
  const mx = mean(x)
  const my = mean(y)
  let xy = 0
  let xx = 0
  let yy = 0
  for (const [i, value] of x.entries()) {
    const dx = value - mx
    const dy = (y[i] ?? 0) - my
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy)
}
