/** What the kernels of a run reported of themselves, out of `kernel_log`. */
import { reportsOfRecords } from '../base/kernel-reports/console.ts'
import type { KernelReport } from '../base/kernel-reports/report.ts'
import type { Evidence } from './query.ts'

export interface NodeReport {
  readonly node: string
  /** When it began, ns since the epoch. */
  readonly ts: bigint
  readonly report: KernelReport
  /** Its first record. */
  readonly said: string
}

/** The ring buffer of a large host has some 20,000 records, and is read a few times. */
const MOST_RECORDS = 200_000
const MOST_REPORTS = 2000
/** Two readings of one record, converted from the clock of the kernel each time, may be so far apart. */
const SAME_NS = 500_000_000n

interface Reading {
  readonly node: string
  readonly times: readonly bigint[]
  readonly messages: readonly string[]
}

/** Each report once, however often its records were read, in order of time. */
export async function kernelReports(evidence: Evidence): Promise<NodeReport[]> {
  const readings = await evidence.rows<Reading>(`
    SELECT node, list(ts ORDER BY coalesce(position, 0), ts) AS times, list(message ORDER BY coalesce(position, 0), ts) AS messages
    FROM (SELECT * FROM kernel_log WHERE message IS NOT NULL LIMIT ${MOST_RECORDS})
    GROUP BY node, collector, capture ORDER BY node, min(ts), collector, capture`)
  const found: NodeReport[] = []
  for (const [node, own] of Map.groupBy(readings, (reading) => reading.node)) {
    const known: NodeReport[] = []
    for (const reading of own) addTo(known, node, reading)
    found.push(...known)
  }
  return found.toSorted((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0)).slice(0, MOST_REPORTS)
}

/** Adds what a reading has and earlier ones have not; what was cut off in one may be whole in another. */
function addTo(known: NodeReport[], node: string, { times, messages }: Reading): void {
  const records = messages.map((message, i) => ({ message, seconds: Number(times[i] ?? 0n) / 1e9 }))
  const taken = new Set<number>()
  const before = known.length
  for (const report of reportsOfRecords(records)) {
    const ts = times[report.firstLine] ?? 0n
    const one: NodeReport = { node, ts, report, said: messages[report.firstLine] ?? report.title }
    const same = known.findIndex(
      (other, i) =>
        i < before && !taken.has(i) && other.report.kind === report.kind && distance(other.ts, ts) <= SAME_NS,
    )
    if (same < 0) known.push(one)
    else {
      taken.add(same)
      if (known[same]?.report.corrupted === true && !report.corrupted) known[same] = one
    }
  }
}

const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a)
