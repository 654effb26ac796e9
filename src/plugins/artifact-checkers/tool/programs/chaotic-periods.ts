/** Where a series of latencies and throughputs is out of the ordinary. */

export interface Row {
  /** Seconds. */
  readonly at: number
  readonly latency: number
  readonly throughput: number
}

/** Seconds at the beginning and at the end that do not count. */
const EDGE = 30

/** Stretches of outliers that follow each other, from the first outlier to the first row that is none. */
export function chaoticPeriods(rows: readonly Row[]): { readonly from: number; readonly to: number }[] {
  const first = rows[0]?.at ?? 0
  const last = rows.at(-1)?.at ?? 0
  const inner = rows.filter(({ at }) => at >= first + EDGE && at <= last - EDGE)
  const isFar = outlier(
    inner.map(({ latency }) => latency),
    3,
  )
  const isOdd = outlier(
    inner.map(({ throughput }) => throughput),
    1,
  )
  const periods: { from: number; to: number }[] = []
  let from: number | undefined
  for (const { at, latency, throughput } of inner) {
    if (isFar(latency) || isOdd(throughput)) {
      from ??= at
    } else if (from !== undefined) {
      periods.push({ from, to: at })
      from = undefined
    }
  }
  if (from !== undefined) periods.push({ from, to: inner.at(-1)?.at ?? from })
  return periods
}

/** Whether a value is further from the mean than so many standard deviations. */
function outlier(values: readonly number[], deviations: number): (value: number) => boolean {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return (value) => Math.abs(value - mean) > deviations * Math.sqrt(variance)
}
