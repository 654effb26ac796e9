/** Threads that are ready to run and do not, while CPUs are idle: a scheduler that loses work, or a quota. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { percent, plain } from '../statement/format.ts'
import { median } from '../stats/order.ts'
import { within } from '../case/series.ts'

interface Starved {
  node: string
  pid: number
  tid: number
  comm: string
  waited: number
  span: number
  first: bigint
  last: bigint
}

/** Share of the time that a thread stood ready and did not run, while this share of CPU time was idle. */
const BIG_WAIT = 0.5
const BIG_IDLE = 0.5
const LEAST_SPAN_NS = 1e9

export async function idleWhileRunnable(the: Case): Promise<Candidate[]> {
  const rows = await the.evidence.rows<Starved>(`
    SELECT node, pid, tid, arg_max(comm, ts) AS comm, (max(run_delay_ns) - min(run_delay_ns))::DOUBLE AS waited,
      (max(ts) - min(ts))::DOUBLE AS span, min(ts) AS first, max(ts) AS last
    FROM threads WHERE ${the.sick.captured} AND run_delay_ns IS NOT NULL
    GROUP BY node, pid, tid HAVING span >= ${LEAST_SPAN_NS} AND waited / span >= ${BIG_WAIT}
    ORDER BY waited DESC LIMIT 20`)
  const series = await the.series()
  return rows.flatMap((row) => {
    if (isObserver(row.comm)) return []
    const idle = series.filter(
      ({ node, metric, labels }) =>
        node === row.node && metric === 'node_cpu_seconds_total' && labels['mode'] === 'idle',
    )
    const values = idle.flatMap((one) => within(one, the.seconds(row.first), the.seconds(row.last)))
    if (values.length < 3 || median(values) < BIG_IDLE) return []
    // Each second in which it waited beside an idle CPU is one look; one in ten may be bad luck of sampling.
    const comparison = the.comparisons.make(
      0.1 ** Math.min(values.length / Math.max(1, idle.length), 20),
      'rules',
    )
    const candidate: Candidate = {
      kind: 'invariant',
      layer: 'kernel',
      stage: 'contradiction',
      subject: { node: row.node, pid: row.pid, tid: row.tid, comm: row.comm },
      statement:
        `Thread ${row.tid} (${plain(row.comm)}) was ready to run and did not for ${percent(row.waited / row.span)} of the time, ` +
        `while CPUs were ${percent(median(values))} idle: a CPU quota, an affinity, or lost work of the scheduler.`,
      effect: { value: row.waited / row.span, unit: 'share', reference: 1 - median(values) },
      comparison,
      big: true,
      standsAlone: true,
      sql: query(`
        SELECT ts, tid, comm, state, run_delay_ns, user_ns + system_ns AS cpu_ns FROM threads
        WHERE ${the.sick.captured} AND node = ${literal(row.node)} AND tid = ${row.tid} ORDER BY ts`),
      about: [`thread:${row.tid}`, `comm:${row.comm}`, 'effect:starved'],
      weight: row.waited / row.span,
      key: `starved ${row.node} ${row.pid}`,
    }
    return [candidate]
  })
}
