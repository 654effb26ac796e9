/** Threads that are blocked in the kernel (state D) on the sick side and were not on the reference. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { functionName, isGeneric } from '../../base/kernel-reports/functions.ts'
import { resourceOfFunction } from '../knowledge/resources.ts'
import { count, plain } from '../statement/format.ts'
import { fisherExact } from '../stats/fisher.ts'

interface Blocked {
  node: string
  process: string
  wchan: string
  stack: string[] | null
  call: string
  pid: number
  healthy: number
  sick: number
  healthy_all: number
  healthy_blocked: number
  healthy_threads: number
  sick_all: number
}

export async function blockedThreads(the: Case): Promise<Candidate[]> {
  if (the.sick.captures.length === 0) return []
  const rows = await the.evidence.rows<Blocked>(`
    WITH looks AS (
      SELECT node, process, coalesce(wchan, '') AS wchan, kernel_stack, coalesce(syscall, '') AS call, pid, tid, state,
        ${the.sick.captured} AS sick
      FROM threads WHERE (${the.sick.captured} OR ${the.healthy.captured}) AND process IS NOT NULL
    )
    SELECT node, process, wchan, mode(kernel_stack) AS stack, mode(call) AS call, mode(pid) AS pid,
      count(DISTINCT tid) FILTER (NOT sick)::DOUBLE AS healthy, count(DISTINCT tid) FILTER (sick)::DOUBLE AS sick,
      (SELECT count(DISTINCT tid) FROM looks l WHERE NOT l.sick AND l.process = looks.process)::DOUBLE AS healthy_all,
      (SELECT count(DISTINCT tid) FROM looks l WHERE l.sick AND l.process = looks.process)::DOUBLE AS sick_all,
      (SELECT count(DISTINCT tid) FILTER (state = 'D') FROM looks WHERE NOT sick)::DOUBLE AS healthy_blocked,
      (SELECT count(DISTINCT tid) FROM looks WHERE NOT sick)::DOUBLE AS healthy_threads
    FROM looks WHERE state = 'D' GROUP BY node, process, wchan ORDER BY sick DESC`)
  return rows.flatMap((row) => {
    if (isObserver(row.process)) return []
    // A process that the reference did not have is compared with all threads of that side.
    const [blocked, all] =
      row.healthy_all > 0 ? [row.healthy, row.healthy_all] : [row.healthy_blocked, row.healthy_threads]
    const comparison = the.comparisons.make(
      fisherExact(row.sick, row.sick_all - row.sick, blocked, Math.max(0, all - blocked)),
    )
    if (row.sick === 0 || row.sick / row.sick_all < 2 * (row.healthy / Math.max(1, row.healthy_all)))
      return []
    const stack = (row.stack ?? []).map(functionName)
    const inside = stack.find((frame) => !isGeneric(frame)) ?? (row.wchan === '' ? 'the kernel' : row.wchan)
    const resource = resourceOfFunction(inside)
    const call = row.call === '' || row.call === 'running' ? '' : `, called through ${row.call}`
    const candidate: Candidate = {
      kind: 'difference',
      layer: 'kernel',
      stage: 'mechanism',
      subject: {
        node: row.node,
        comm: row.process,
        pid: row.pid,
        function: inside,
        ...(call === '' ? {} : { call: row.call }),
      },
      statement:
        `${count(row.sick)} of ${count(row.sick_all)} threads of ${plain(row.process)} were in uninterruptible sleep in ` +
        `${plain(inside)}${call}; on the reference ${count(row.healthy)} of ${count(row.healthy_all)}.`,
      brief: `${count(row.sick)} threads of ${plain(row.process)} are blocked in ${plain(inside)}${call}`,
      effect: { value: row.sick, unit: 'threads', reference: row.healthy },
      comparison,
      big: row.sick / row.sick_all >= 0.1,
      sql: query(`
        SELECT capture, ts, pid, tid, comm, state, wchan, syscall, kernel_stack FROM threads
        WHERE state = 'D' AND process = ${literal(row.process)} AND node = ${literal(row.node)}
          AND (${the.sick.captured} OR ${the.healthy.captured}) ORDER BY ts, tid`),
      about: [
        `comm:${row.process}`,
        `function:${inside}`,
        ...(call === '' ? [] : [`call:${row.call}`]),
        ...(resource === undefined ? [] : [`resource:${resource.id}`]),
        'effect:blocked',
      ],
      weight: row.sick,
      key: `blocked ${row.node} ${row.process} ${inside}`,
    }
    return [candidate]
  })
}
