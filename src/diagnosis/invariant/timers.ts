/**
 * Timer queues out of order.
 *
 * /proc/timer_list walks each queue from its first timer; the kernel keeps them sorted by hard expiry (lib/timerqueue.c),
 * so that expiries ascend. The listing takes the lock anew for each timer: timers queued in between make it step back by a
 * position, and go on to a timer that it had before. Such steps do not count; 1,200 listings of healthy queues had six of
 * them, and no others. Of the others counts the share of listings that has one, against the share when all was well, or
 * against what is presumed of any queue; to a timer that is due although it is not first they say more. A kernel with a
 * check of its own prints such a queue while it holds the lock: then one listing is enough (`now_ns` is null, and rows with
 * one time are one listing, however often the log was read).
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, duration, plain } from '../statement/format.ts'
import { binomialTail } from '../stats/distributions.ts'

interface Queue {
  node: string
  cpu: number
  clock: string
  function: string
  previous_function: string
  position: number
  /** Listings that step back. */
  all_back: number
  /** The same, and all that show more than one timer: while it was sick, and otherwise. */
  back: number
  listings: number
  healthy_back: number
  healthy_listings: number
  back_ns: number
  late_ns: number
  printed: boolean
}

/** So many listings without a step back are presumed of any healthy queue, and one with. */
const PRESUMED = 500
/** That the kernel's own listing was mixed with another. */
const CHANCE_OF_ONE_PRINT = 0.001
/** That a timer which is due although it is not first is only just being expired. */
const CHANCE_OF_DUE = 0.1
const BIG_BACK_NS = 1000

/** What tells one listing from another; a log that is read twice has the same ones, to the microsecond or so. */
const LISTING = `CASE WHEN now_ns IS NULL THEN (ts // 1000000)::VARCHAR ELSE concat(capture, ' ', now_ns) END`

export async function unorderedTimers(the: Case): Promise<Candidate[]> {
  const captured = `(${the.sick.captured} OR ${the.healthy.captured})`
  const rows = await the.evidence.rows<Queue>(`
    WITH listed AS (
      SELECT ${LISTING} AS listing, ${the.sick.captured} AS sick, (collector, capture, coalesce(now_ns, ts)) AS queue, node,
        coalesce(cpu, -1) AS cpu, clock, position, function, expires_ns, now_ns,
        timer IS NOT NULL AND count(*) OVER (PARTITION BY node, collector, capture, now_ns, cpu, clock, timer) > 1 AS again
      FROM timers WHERE ${captured} AND position IS NOT NULL AND expires_ns IS NOT NULL AND coalesce(count, 1) = 1 AND operation IS NULL
    ), ordered AS (
      SELECT *, lag(expires_ns) OVER w AS previous, lag(function) OVER w AS previous_function, lag(position) OVER w AS before,
        lag(again) OVER w AS previous_again
      FROM listed WINDOW w AS (PARTITION BY node, queue, cpu, clock ORDER BY position)
    ), pairs AS (
      SELECT *, previous - expires_ns > ${BIG_BACK_NS} AND NOT again AND NOT previous_again AS back
      FROM ordered WHERE position = before + 1
    ), steps AS (
      SELECT node, cpu, clock, function, previous_function, min(position) AS position, count(DISTINCT listing) AS times
      FROM pairs WHERE back GROUP BY ALL
    ), commonest AS (
      SELECT node, cpu, clock, arg_max(struct_pack(function, previous_function, position), times) AS step FROM steps GROUP BY ALL
    ), named AS (
      SELECT *, back AND function = step.function AND previous_function = step.previous_function AS named
      FROM pairs JOIN commonest USING (node, cpu, clock)
    )
    SELECT node, cpu, clock, step.function AS function, step.previous_function AS previous_function, step.position AS position,
      count(DISTINCT listing) FILTER (back)::DOUBLE AS all_back, count(DISTINCT listing) FILTER (sick AND back)::DOUBLE AS back, count(DISTINCT listing) FILTER (sick)::DOUBLE AS listings,
      count(DISTINCT listing) FILTER (NOT sick AND back)::DOUBLE AS healthy_back,
      count(DISTINCT listing) FILTER (NOT sick)::DOUBLE AS healthy_listings,
      bool_and(now_ns IS NULL) AS printed, max(previous - expires_ns) FILTER (named)::DOUBLE AS back_ns,
      coalesce(max(now_ns - expires_ns) FILTER (named), 0)::DOUBLE AS late_ns
    FROM named GROUP BY node, cpu, clock, step ORDER BY back DESC, back_ns DESC LIMIT 50`)
  return rows.flatMap((row) => {
    const late = row.late_ns > 0
    const all = row.all_back
    const comparison = the.comparisons.make(chanceOf(row) * (late ? CHANCE_OF_DUE : 1), 'rules')
    const queue = row.cpu < 0 ? 'A timer queue' : `The timer queue of CPU ${row.cpu}`
    const where = row.printed ? '' : ` (${plain(row.clock)})`
    const by = row.printed
      ? `as the kernel itself printed it, ${all === 1 ? 'once' : `${count(all)} times`}`
      : sharesOf(row)
    // The kernel does not always print the callbacks of the two that it found out of order.
    const timer = row.function === '' ? 'a timer' : plain(row.function)
    const previous = row.previous_function === '' ? 'another' : plain(row.previous_function)
    const place = row.cpu < 0 ? plain(row.clock) : `cpu ${row.cpu} ${row.clock}`
    const due = late ? ` It was due ${duration(row.late_ns)} before it was listed and had not fired.` : ''
    const candidate: Candidate = {
      kind: 'invariant',
      layer: 'kernel',
      stage: 'contradiction',
      subject: { node: row.node, timer: place, function: row.function },
      statement:
        `${queue}${where} is not in order: ${timer} at place ${row.position} ` +
        `expires ${duration(row.back_ns)} before ${previous}, which stands in front of it ` +
        `(${by}).${due}`,
      brief:
        `${queue}${where} is not in order: ${timer} stands behind ${previous}, which expires ` +
        `${duration(row.back_ns)} later (${by})`,
      effect: { value: row.back_ns, unit: 'ns', reference: 0 },
      comparison,
      big: all >= 2 || late || row.printed,
      standsAlone: true,
      sql: query(`
        SELECT ts, cpu, clock, position, function, expires_ns, now_ns, expires_ns - now_ns AS remaining_ns FROM timers
        WHERE ${captured} AND node = ${literal(row.node)} AND coalesce(cpu, -1) = ${row.cpu} AND clock = ${literal(row.clock)}
        ORDER BY coalesce(now_ns, ts), position`),
      about: [`timer:${row.cpu} ${row.clock}`, `function:${row.function}`, 'effect:unordered'],
      weight: all,
      key: `timers ${row.node} ${row.cpu} ${row.clock}`,
    }
    return [candidate]
  })
}

/** That a healthy queue is listed like this: by the worse of two looks, at sick listings against others, and at all alike. */
function chanceOf({ printed, all_back, back, listings, healthy_back, healthy_listings }: Queue): number {
  if (printed) return CHANCE_OF_ONE_PRINT ** all_back
  const usual = (healthy_back + 1) / (healthy_listings + PRESUMED)
  const sick = binomialTail(back, listings, usual)
  const ever = binomialTail(back + healthy_back, listings + healthy_listings, 1 / PRESUMED)
  return Math.min(1, 2 * Math.min(sick, ever))
}

function sharesOf({ back, listings, healthy_back, healthy_listings }: Queue): string {
  const sick = `${count(back)} of ${count(listings)} listings`
  if (listings === 0) return `${count(healthy_back)} of ${count(healthy_listings)} listings`
  return healthy_listings === 0
    ? sick
    : `${sick}, and ${count(healthy_back)} of ${count(healthy_listings)} otherwise`
}
