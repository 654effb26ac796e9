/** Kernel caches that hold many more objects than on the reference. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { resourceOfSlab } from '../knowledge/resources.ts'
import { bytes, count, plain, times } from '../statement/format.ts'
import { empiricalNull } from '../stats/empirical-null.ts'

interface SlabSizes {
  node: string
  slab: string
  object_bytes: number
  healthy: number
  sick: number
}

const BIG_RATIO = 3
/** Growth that a host notices. */
const BIG_BYTES = 8 << 20
/** Objects added to both sides of a ratio, so that 1 to 20 objects is no 20-fold growth. */
const FEW_OBJECTS = 500

export async function grownSlabs(the: Case): Promise<Candidate[]> {
  const rows = await the.evidence.rows<SlabSizes>(slabQuery(the))
  const logs = rows.map(({ healthy, sick }) => Math.log((sick + FEW_OBJECTS) / (healthy + FEW_OBJECTS)))
  const chance = empiricalNull(logs)
  return rows.flatMap((row, i) => {
    const comparison = the.comparisons.make(chance.p(logs[i] ?? 0))
    const grown = (row.sick - row.healthy) * row.object_bytes
    const ratio = row.sick / Math.max(1, row.healthy)
    if (ratio < BIG_RATIO || grown < BIG_BYTES) return []
    const resource = resourceOfSlab(row.slab)
    const candidate: Candidate = {
      kind: 'difference',
      layer: 'memory',
      stage: 'growth',
      subject: { node: row.node, slab: row.slab },
      statement:
        `The slab cache ${plain(row.slab)} held ${count(row.sick)} objects, ${times(ratio)} the ${count(row.healthy)} of the ` +
        `reference (${bytes(grown)} more).`,
      brief: `The slab cache ${plain(row.slab)} held ${count(row.sick)} objects, ${times(ratio)} the ${count(row.healthy)} of before`,
      effect: { value: row.sick, unit: 'objects', reference: row.healthy, ratio },
      comparison,
      big: true,
      sql: query(`
        SELECT CASE WHEN ${the.sick.captured} THEN 'sick' ELSE 'reference' END AS side, capture, ts, active_objects, objects,
          object_bytes
        FROM slabs WHERE slab = ${literal(row.slab)} AND node = ${literal(row.node)}
          AND (${the.sick.captured} OR ${the.healthy.captured}) ORDER BY ts`),
      about: [
        `slab:${row.slab}`,
        'effect:growth',
        ...(resource === undefined ? [] : [`resource:${resource.id}`]),
      ],
      weight: Math.log10(ratio) + Math.log10(grown) / 10,
      key: `slab ${row.node} ${row.slab}`,
    }
    return [candidate]
  })
}

/** The last look of the reference against the largest look of the sick side. */
const slabQuery = ({ sick, healthy }: Case): string => `
  SELECT node, slab, max(object_bytes)::DOUBLE AS object_bytes,
    arg_max(active_objects, ts) FILTER (${healthy.captured})::DOUBLE AS healthy,
    max(active_objects) FILTER (${sick.captured})::DOUBLE AS sick
  FROM slabs WHERE (${sick.captured} OR ${healthy.captured}) AND active_objects IS NOT NULL
  GROUP BY node, slab
  HAVING healthy IS NOT NULL AND sick IS NOT NULL ORDER BY node, slab`
