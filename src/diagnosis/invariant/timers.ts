/**
 * Timer queues out of order.
 *
 * /proc/timer_list walks each queue from its first timer; the kernel keeps them sorted by hard expiry (lib/timerqueue.c),
 * so that expiries ascend. The listing takes the lock anew for each timer: timers queued in between can make it step back
 * by a position, which is why a pair counts only when it is seen in more than one listing, or steps back to a timer that
 * is due although it is not first. A kernel with a check of its own prints such a queue while it holds the lock: then one
 * listing is enough (`now_ns` is null, and rows with one time are one listing, however often the log was read).
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, duration, plain } from '../statement/format.ts'

interface Inversion {
  node: string
  cpu: number
  clock: string
  function: string
  previous_function: string
  position: number
  listings: number
  back_ns: number
  late_ns: number
  printed: boolean
}

/** Chance that one listing of a healthy queue looks out of order because it changed meanwhile. */
const CHANCE_OF_ONE_LISTING = 0.1
/** That the kernel's own listing was mixed with another. */
const CHANCE_OF_ONE_PRINT = 0.001
const BIG_BACK_NS = 1000

/** What tells one listing from another; a log that is read twice has the same ones, to the microsecond or so. */
const LISTING = `CASE WHEN now_ns IS NULL THEN (ts // 1000000)::VARCHAR ELSE concat(capture, ' ', now_ns) END`

export async function unorderedTimers(the: Case): Promise<Candidate[]> {
  const captured = `(${the.sick.captured} OR ${the.healthy.captured})`
  const sql = `
    WITH ordered AS (
      SELECT ${LISTING} AS listing, node, cpu, clock, position, function, expires_ns, now_ns,
        lag(expires_ns) OVER w AS previous, lag(function) OVER w AS previous_function, lag(position) OVER w AS before
      FROM timers WHERE ${captured} AND position IS NOT NULL AND expires_ns IS NOT NULL AND coalesce(count, 1) = 1 AND operation IS NULL
      WINDOW w AS (PARTITION BY node, collector, capture, coalesce(now_ns, ts), cpu, clock ORDER BY position)
    )
    SELECT * FROM ordered WHERE previous > expires_ns AND position = before + 1`
  const rows = await the.evidence.rows<Inversion>(`
    SELECT node, coalesce(cpu, -1) AS cpu, clock, function, any_value(previous_function) AS previous_function, min(position) AS position,
      count(DISTINCT listing)::DOUBLE AS listings, bool_and(now_ns IS NULL) AS printed, max(previous - expires_ns)::DOUBLE AS back_ns,
      coalesce(max(now_ns - expires_ns), 0)::DOUBLE AS late_ns
    FROM (${sql}) GROUP BY node, cpu, clock, function ORDER BY listings DESC, back_ns DESC LIMIT 50`)
  return rows.flatMap((row) => {
    const late = row.late_ns > 0
    const chance = row.printed ? CHANCE_OF_ONE_PRINT : CHANCE_OF_ONE_LISTING
    const comparison = the.comparisons.make(chance ** (row.listings + (late ? 2 : 0)), 'rules')
    if (row.back_ns < BIG_BACK_NS) return []
    const queue = row.cpu < 0 ? 'A timer queue' : `The timer queue of CPU ${row.cpu}`
    const where = row.printed ? '' : ` (${plain(row.clock)})`
    const by = row.printed
      ? `as the kernel itself printed it, ${row.listings === 1 ? 'once' : `${count(row.listings)} times`}`
      : `${count(row.listings)} listings`
    const place = row.cpu < 0 ? plain(row.clock) : `cpu ${row.cpu} ${row.clock}`
    const due = late ? ` It was due ${duration(row.late_ns)} before it was listed and had not fired.` : ''
    const candidate: Candidate = {
      kind: 'invariant',
      layer: 'kernel',
      stage: 'contradiction',
      subject: { node: row.node, timer: place, function: row.function },
      statement:
        `${queue}${where} is not in order: ${plain(row.function)} at place ${row.position} ` +
        `expires ${duration(row.back_ns)} before ${plain(row.previous_function)}, which stands in front of it ` +
        `(${by}).${due}`,
      brief:
        `${queue}${where} is not in order: ${plain(row.function)} stands behind ${plain(row.previous_function)}, which expires ` +
        `${duration(row.back_ns)} later (${by})`,
      effect: { value: row.back_ns, unit: 'ns', reference: 0 },
      comparison,
      big: row.listings >= 2 || late || row.printed,
      standsAlone: true,
      sql: query(`
        SELECT ts, cpu, clock, position, function, expires_ns, now_ns, expires_ns - now_ns AS remaining_ns FROM timers
        WHERE ${captured} AND node = ${literal(row.node)} AND coalesce(cpu, -1) = ${row.cpu} AND clock = ${literal(row.clock)}
        ORDER BY coalesce(now_ns, ts), position`),
      about: [`timer:${row.cpu} ${row.clock}`, `function:${row.function}`, 'effect:unordered'],
      weight: row.listings,
      key: `timers ${row.node} ${row.cpu} ${row.clock}`,
    }
    return [candidate]
  })
}
