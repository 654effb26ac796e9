/** Memory that nobody accounts for: the total is more than the sum of all uses, and the gap grew. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import type { Series } from '../case/series.ts'
import { query } from '../case/sql.ts'
import { bytes, percent } from '../statement/format.ts'
import { mannKendall } from '../stats/trend.ts'

/** Disjoint uses in /proc/meminfo; what is left is memory that drivers and the kernel took page by page. */
const USES = [
  'MemFree',
  'Buffers',
  'Cached',
  'SwapCached',
  'AnonPages',
  'Slab',
  'PageTables',
  'SecPageTables',
  'KernelStack',
  'Percpu',
  'VmallocUsed',
  'Hugetlb',
].map((name) => `node_memory_${name}_bytes`)
const BIG_SHARE = 0.05

export async function unaccountedMemory(the: Case): Promise<Candidate[]> {
  const series = (await the.series()).filter(({ metric }) => metric.startsWith('node_memory_'))
  return [...Map.groupBy(series, ({ node }) => node)].flatMap(([node, own]) => {
    const gaps = gapsOf(own)
    const first = gaps[0]
    const last = gaps.at(-1)
    if (first === undefined || last === undefined || gaps.length < 10) return []
    const comparison = the.comparisons.make(mannKendall(gaps.map(({ gap }) => gap)).p)
    const grown = last.gap - first.gap
    if (grown / last.total < BIG_SHARE) return []
    const sql = query(`
      SELECT ts, sum(CASE WHEN metric = 'node_memory_MemTotal_bytes' THEN value ELSE -value END) AS value FROM samples
      WHERE metric IN ('node_memory_MemTotal_bytes', ${USES.map((use) => `'${use}'`).join(', ')})
      GROUP BY ts, node HAVING count(*) > 5 ORDER BY ts`)
    const candidate: Candidate = {
      kind: 'invariant',
      layer: 'memory',
      stage: 'contradiction',
      subject: { node, metric: 'node_memory_MemTotal_bytes' },
      statement:
        `Memory does not add up: what no use accounts for grew by ${bytes(grown)}, ${percent(grown / last.total)} of all, to ` +
        `${bytes(last.gap)}; pages that the kernel or a driver took and did not return.`,
      effect: {
        value: last.gap,
        unit: 'bytes',
        reference: first.gap,
        ratio: last.gap / Math.max(1, first.gap),
      },
      comparison,
      big: true,
      sql,
      chart: { type: 'lines', title: 'Memory that no use accounts for', unit: 'bytes', sql },
      about: ['resource:kernel-memory', 'effect:growth'],
      weight: grown / last.total,
      key: `memory sum ${node}`,
    }
    return [candidate]
  })
}

function gapsOf(series: readonly Series[]): { total: number; gap: number }[] {
  const total = series.find(({ metric }) => metric === 'node_memory_MemTotal_bytes')
  const uses = series.filter(({ metric }) => USES.includes(metric))
  if (total === undefined || uses.length < 6) return []
  return total.times.flatMap((_, i) => {
    const all = total.values[i]
    const used = uses.map(({ values }) => values[i])
    if (all === undefined || used.some((value) => value === undefined)) return []
    return [{ total: all, gap: all - used.reduce<number>((sum, value) => sum + (value ?? 0), 0) }]
  })
}
