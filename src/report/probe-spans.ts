/** Attempts of probes over time; neighbours are told together where there are more than anyone can look at. */
import type { Evidence } from '../evidence/query.ts'

/** One attempt, or several that began close to each other. Times are ns since the epoch. */
export interface ProbeSpan {
  readonly probe: string
  readonly node: string
  readonly from: bigint
  readonly to: bigint
  readonly attempts: number
  readonly failures: number
  /** The longest of the attempts, ns. */
  readonly longest: number
}

const MOST_PER_PROBE = 5000

/** Attempts in the order of their time, at most some thousand for each probe and node. */
export async function loadProbeSpans(
  evidence: Evidence,
  from: bigint,
  to: bigint,
): Promise<readonly ProbeSpan[]> {
  const bucket = (to - from) / BigInt(MOST_PER_PROBE)
  return await evidence.rows<ProbeSpan>(
    `SELECT probe, node, min(ts) AS "from", max(ts + coalesce(duration_ns, 0)) AS "to", count(*)::DOUBLE AS attempts,
       count(*) FILTER (NOT coalesce(success, false))::DOUBLE AS failures,
       coalesce(max(duration_ns), 0)::DOUBLE AS longest
     FROM probes WHERE ts IS NOT NULL AND probe IS NOT NULL
     GROUP BY probe, node, (ts - ?) // ? ORDER BY probe, node, "from"`,
    [from, bucket > 0n ? bucket : 1n],
  )
}

/** The same spans, no two of which begin within the same `buckets`-th part of [from, to], whatever their node. */
export function mergeSpans(
  spans: readonly ProbeSpan[],
  from: bigint,
  to: bigint,
  buckets: number,
): readonly ProbeSpan[] {
  const size = Math.max(1, Number(to - from) / buckets)
  const groups = Map.groupBy(spans, (span) => Math.floor(Number(span.from - from) / size))
  return [...groups.values()].map((group) => group.reduce(merge))
}

const merge = (a: ProbeSpan, b: ProbeSpan): ProbeSpan => ({
  probe: a.probe,
  node: a.node,
  from: a.from < b.from ? a.from : b.from,
  to: a.to > b.to ? a.to : b.to,
  attempts: a.attempts + b.attempts,
  failures: a.failures + b.failures,
  longest: Math.max(a.longest, b.longest),
})
