/** When a probe was well again: sharper than the end of the rung, which looks for a while. */
import type { RungRecord } from '../../model/run.ts'
import type { Case } from '../case/case.ts'
import { oneOf } from '../case/sql.ts'
import { median } from '../stats/order.ts'

/** End of the first good attempt after the rung began, ns since the epoch; the rung's end when probes do not tell. */
export async function recoveredAt(the: Case, rung: RungRecord): Promise<bigint> {
  const end = BigInt(rung.to)
  const { symptom } = the
  if (symptom === null || symptom.probes.length === 0) return end
  const rows = await the.evidence.rows<{
    probe: string
    success: boolean
    took: number
    ts: bigint
    sick: boolean
    healthy: boolean
  }>(`
    SELECT probe, success, duration_ns::DOUBLE AS took, ts, ${the.sick.observed} AS sick, ${the.healthy.observed} AS healthy
    FROM probes WHERE ${oneOf('probe', symptom.probes)} AND duration_ns IS NOT NULL ORDER BY ts`)
  const ends = [...Map.groupBy(rows, ({ probe }) => probe).values()].flatMap((own) => {
    const well = own.filter(({ healthy, success }) => healthy && success).map(({ took }) => took)
    const ill = own
      .filter(({ sick, success, ts }) => sick && success && ts < BigInt(rung.from))
      .map(({ took }) => took)
    // Half way between well and ill on a logarithmic scale; a probe that failed is well once it succeeds.
    const limit =
      well.length > 0 && ill.length > 0 ? Math.sqrt(median(well) * median(ill)) : Number.POSITIVE_INFINITY
    const good = own.find(({ success, took, ts }) => success && took <= limit && ts >= BigInt(rung.from))
    return good === undefined ? [] : [good.ts]
  })
  const [first] = ends.toSorted((a, b) => Number(a - b))
  return first === undefined || first > end ? end : first
}
