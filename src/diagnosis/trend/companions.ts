/** How a series moves with the durations of the probes that the symptom is about. */
import type { Case } from '../case/case.ts'
import type { Series } from '../case/series.ts'
import { oneOf } from '../case/sql.ts'
import { follows, type Following } from '../stats/lag-correlation.ts'

export interface Companion {
  readonly name: string
  /** How its changes follow those of a series, up to the end of the symptom. */
  readonly moves: (series: Series) => Following
}

/** One companion for each probe that the symptom is about. */
export async function companions(the: Case): Promise<Companion[]> {
  if (the.symptom === null || the.symptom.probes.length === 0) return []
  const rows = await the.evidence.rows<{ probe: string; ts: number[]; values: number[] }>(`
    SELECT probe, list((ts - ${the.from}) / 1e9 ORDER BY ts) AS ts, list(duration_ns::DOUBLE ORDER BY ts) AS values
    FROM probes WHERE ${oneOf('probe', the.symptom.probes)} AND ts >= ${the.from} AND ts <= ${the.sick.to}
      AND duration_ns IS NOT NULL
    GROUP BY probe ORDER BY probe`)
  return rows.map(({ probe, ts, values }) => ({
    name: probe,
    moves: (series) => {
      const pairs = ts.flatMap((at, i) => {
        const value = valueAt(series, at)
        return value === undefined ? [] : [[values[i] ?? 0, value] as const]
      })
      return follows(
        pairs.map(([, value]) => value),
        pairs.map(([duration]) => duration),
      )
    },
  }))
}

/** The last value at or before a time, found by bisection. */
function valueAt(series: Series, at: number): number | undefined {
  let low = 0
  let high = series.times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((series.times[middle] ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return series.values[low - 1]
}
