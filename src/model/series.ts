/** Metric series, as PromQL sees them. */

export type Labels = Readonly<Record<string, string>>

export interface LabelMatcher {
  readonly name: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** One series: parallel arrays, times ascending in ms since the epoch; `STALE` marks where it ended. */
export interface SeriesData {
  /** All labels, `__name__` among them. */
  readonly labels: Labels
  readonly times: ArrayLike<number>
  readonly values: ArrayLike<number>
  /** Samples held in the arrays, which may be longer. */
  readonly length: number
}

/** Whatever PromQL can be evaluated over. Order of the result does not matter. */
export interface SeriesSource {
  /** Series that match all matchers and may have samples in [fromMs, toMs]. Missing labels count as empty. */
  select(matchers: readonly LabelMatcher[], fromMs: number, toMs: number): Iterable<SeriesData>
}

const staleBits = new DataView(new ArrayBuffer(8))

/** Whether a value is Prometheus' stale marker, the NaN with the bits 0x7ff0000000000002. */
export function isStale(value: number): boolean {
  if (value === value) return false
  staleBits.setFloat64(0, value)
  return staleBits.getUint32(0) === 0x7ff00000 && staleBits.getUint32(4) === 2
}
