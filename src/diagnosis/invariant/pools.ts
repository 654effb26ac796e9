/** Thread pools with work pending that nobody takes: whatever counts `pending` beside `active` for one pool. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { homesOf } from '../case/homes.ts'
import { parseLabels } from '../case/series.ts'
import { literal, query } from '../case/sql.ts'
import { waitingThreads, type WaitingThread } from '../case/waiting.ts'
import { count, plain } from '../statement/format.ts'

interface Pool {
  node: string
  /** Metric name up to `_pending`. */
  base: string
  labels: string
  pending: number
  /** Most that was active at any look. */
  active: number
  /** How many tasks were completed between the first and the last look; null when nobody counts. */
  completed: number | null
  looks: number
}

const PENDING = '_(pending|queued|queue_size|queue_length|backlog)$'
const ACTIVE = '_(active|running|busy|executing)$'
/** Chance that one look finds work pending and nobody active in a healthy pool: between the arrival and the wakeup. */
const CHANCE_OF_ONE_LOOK = 0.05
const LEAST_PENDING = 2

export async function idlePools(the: Case): Promise<Candidate[]> {
  const rows = await the.evidence.rows<Pool>(poolQuery(the))
  const threads = rows.length === 0 ? [] : await waitingThreads(the)
  const homeOf = await homesOf(the)
  return rows.flatMap((row) => {
    const idle = row.active === 0 && (row.completed ?? 0) === 0
    const workers = threads.filter((thread) => isWorker(thread, row) && homeOf(thread) === row.node)
    const awake = workers.some(({ asleep }) => !asleep)
    const violated = idle && !awake && row.pending >= LEAST_PENDING
    // Workers that are seen to sleep are another witness, beside the pool's own figures.
    const witnesses = Math.min(4, row.looks) + (workers.length > 0 ? 1 : 0)
    const comparison = the.comparisons.make(violated ? CHANCE_OF_ONE_LOOK ** witnesses : 1, 'rules')
    return violated ? [candidateOf(the, row, workers, comparison)] : []
  })
}

/** Threads are named after their pool, with a number: `MutationStage-1`. The kernel keeps 15 bytes of it. */
function isWorker({ comm }: WaitingThread, pool: Pool): boolean {
  const name = poolName(pool).slice(0, 15)
  return name.length >= 4 && comm.startsWith(name.slice(0, 14))
}

/** The label that names the pool, or else the metric itself. */
function poolName({ base, labels }: Pool): string {
  const values = Object.entries(parseLabels(labels))
  const named = values.find(([name]) => /pool|executor|stage|name|queue/.test(name)) ?? values[0]
  return named === undefined ? base : named[1]
}

function candidateOf(
  the: Case,
  row: Pool,
  workers: readonly WaitingThread[],
  comparison: Candidate['comparison'],
): Candidate {
  const { node, base, labels, pending, looks } = row
  const [worker] = workers
  const name = plain(poolName(row))
  const asleep =
    worker === undefined
      ? ''
      : ` Its ${count(workers.length)} threads sleep, such as ${worker.tid} in ${worker.call}.`
  const where = `node = ${literal(node)} AND labels = ${literal(labels)} AND starts_with(metric, ${literal(base)})`
  return {
    kind: 'invariant',
    layer: 'application',
    stage: 'contradiction',
    subject: {
      node,
      metric: `${base}_pending`,
      ...(worker === undefined
        ? {}
        : { pid: worker.pid, tid: worker.tid, comm: worker.comm, call: worker.call }),
    },
    statement:
      `Pool ${name} has at least ${count(pending)} tasks pending and none active at ${count(looks)} looks, and completes none: ` +
      `nobody takes the work.${asleep}`,
    brief: `Pool ${name} has ${count(pending)} tasks pending and nobody takes them`,
    effect: { value: pending, unit: 'tasks', reference: 0 },
    comparison,
    big: true,
    standsAlone: looks >= 2,
    sql: query(`
      SELECT ts, capture, metric, labels, value FROM samples
      WHERE ${where} AND (${the.sick.captured} OR ${the.sick.observed}) ORDER BY ts, metric`),
    about: [
      `metric:${base}_pending`,
      'effect:pending',
      ...workers.flatMap(({ tid }) => [`thread:${tid}`, 'effect:asleep']),
    ],
    weight: 15 + Math.log10(pending),
    key: `pool ${node} ${base} ${labels}`,
  }
}

/** Pools whose work was pending at every look of the sick side. A look is a sample of the pending tasks. */
const poolQuery = ({ sick }: Case): string => `
  WITH looks AS (
    SELECT node, metric, coalesce(labels, '{}') AS labels, value FROM samples
    WHERE (${sick.captured} OR ${sick.observed}) AND isfinite(value)
      AND regexp_matches(metric, '${PENDING}|${ACTIVE}|_completed(_total)?$')
  ), pending AS (
    SELECT node, regexp_replace(metric, '${PENDING}', '') AS base, labels, min(value)::DOUBLE AS pending, count(*)::DOUBLE AS looks
    FROM looks WHERE regexp_matches(metric, '${PENDING}') GROUP BY ALL HAVING min(value) > 0
  ), active AS (
    SELECT node, regexp_replace(metric, '${ACTIVE}', '') AS base, labels, max(value)::DOUBLE AS active
    FROM looks WHERE regexp_matches(metric, '${ACTIVE}') GROUP BY ALL
  ), completed AS (
    SELECT node, regexp_replace(metric, '_completed(_total)?$', '') AS base, labels, (max(value) - min(value))::DOUBLE AS completed
    FROM looks WHERE regexp_matches(metric, '_completed(_total)?$') GROUP BY ALL
  )
  SELECT node, base, labels, pending, active, completed, looks
  FROM pending JOIN active USING (node, base, labels) LEFT JOIN completed USING (node, base, labels)
  ORDER BY pending DESC LIMIT 100`
