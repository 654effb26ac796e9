/** Series written out in tests. */
import type { Labels, SeriesData, SeriesSource } from '../../src/model/series.ts'
import { labelsPredicate } from '../../src/evidence/promql/matchers.ts'

/** The stale marker, where nothing can make it an ordinary NaN. */
const stale = new Float64Array(Uint32Array.of(2, 0x7ff00000).buffer)

/** A series with a sample every `stepMs` from 0; `undefined` leaves one out, `stale` ends the series there. */
export function seriesEvery(
  stepMs: number,
  labels: Labels,
  samples: readonly (number | 'stale' | undefined)[],
): SeriesData {
  const kept = [...samples.entries()].filter(([, sample]) => sample !== undefined)
  const times = Float64Array.from(kept, ([index]) => index * stepMs)
  const values = new Float64Array(kept.length)
  for (const [place, [, sample]] of kept.entries()) {
    if (sample === 'stale') values.set(stale, place)
    else values[place] = sample ?? 0
  }
  return { labels, times, values, length: kept.length }
}

/** A source that holds just these. */
export const sourceOf = (series: readonly SeriesData[]): SeriesSource => ({
  select: (matchers) => {
    const accepts = labelsPredicate(matchers)
    return series.filter(({ labels }) => accepts(labels))
  },
})
