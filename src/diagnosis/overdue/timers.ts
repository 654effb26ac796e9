/** Timers in the kernel's queues whose expiry lies in the past. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { count, duration, plain } from '../statement/format.ts'

interface Late {
  node: string
  cpu: number
  clock: string
  function: string
  comm: string | null
  pid: number | null
  late: number
  listings: number
}

/** Interrupts off, a guest that was not scheduled: a queue may lag so much and be healthy. */
export const LATE_TIMER_NS = 100_000_000
/** Listings that are closer than this are one look: what holds a timer up holds it up in all of them. */
const LOOK_NS = 1_000_000_000
const CHANCE_OF_LATE = 0.1

export async function lateTimers(the: Case): Promise<Candidate[]> {
  const captured = `(${the.sick.captured} OR ${the.healthy.captured})`
  const rows = await the.evidence.rows<Late>(`
    SELECT node, cpu, clock, function, any_value(comm) AS comm, any_value(pid) AS pid,
      max(now_ns - expires_ns)::DOUBLE AS late, count(DISTINCT (capture, now_ns // ${LOOK_NS}))::DOUBLE AS listings
    FROM timers
    WHERE ${captured} AND expires_ns > 0 AND now_ns - expires_ns > ${LATE_TIMER_NS} AND position IS NOT NULL AND operation IS NULL
    GROUP BY node, cpu, clock, function, expires_ns ORDER BY late DESC LIMIT 50`)
  return rows.map((row) => ({
    kind: 'overdue',
    layer: 'kernel',
    stage: 'contradiction',
    subject: {
      node: row.node,
      timer: `cpu ${row.cpu} ${row.clock}`,
      function: row.function,
      ...(row.comm === null ? {} : { comm: row.comm }),
      ...(row.pid === null ? {} : { pid: row.pid }),
    },
    statement:
      `A timer of CPU ${row.cpu} (${plain(row.clock)}, ${plain(row.function)}${row.comm === null ? '' : `, ${plain(row.comm)}`}) was due ` +
      `${duration(row.late)} before it was listed and had not fired (seen ${row.listings === 1 ? 'once' : `${count(row.listings)} times`}).`,
    brief:
      `A timer of CPU ${row.cpu} (${plain(row.function)}${row.comm === null ? '' : `, ${plain(row.comm)}`}) had not fired ` +
      `${duration(row.late)} after it was due`,
    effect: { value: row.late, unit: 'ns', reference: 0 },
    comparison: the.comparisons.make(
      CHANCE_OF_LATE ** (row.listings + (row.late > 10 * LATE_TIMER_NS ? 1 : 0)),
      'rules',
    ),
    big: row.listings >= 2 || row.late > 10 * LATE_TIMER_NS,
    standsAlone: true,
    sql: query(`
      SELECT ts, cpu, clock, position, function, expires_ns, now_ns, (now_ns - expires_ns) / 1e6 AS late_ms FROM timers
      WHERE ${captured} AND node = ${literal(row.node)} AND cpu = ${row.cpu} AND now_ns - expires_ns > ${LATE_TIMER_NS} ORDER BY ts, position`),
    about: [`timer:${row.cpu} ${row.clock}`, `function:${row.function}`, 'effect:past-deadline'],
    weight: Math.log10(row.late),
    key: `late timer ${row.node} ${row.cpu} ${row.clock} ${row.function}`,
  }))
}
