/** Threads that are blocked in the kernel (state D) on the sick side and were not on the reference. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { functionName, isGeneric, isLockWait } from '../../base/kernel-reports/functions.ts'
import { resourceOfFunction } from '../knowledge/resources.ts'
import { count, list, plain } from '../statement/format.ts'
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
  const locks = await lockWaits(the)
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
    const { inside, forLock } = placeOf(row, locks)
    // Of threads that began together, whoever does not wait for the lock may be the one that has it.
    const others = rows
      .filter((one) => one !== row && one.node === row.node && one.process === row.process && one.sick > 0)
      .map((one) => ({ ...placeOf(one, locks), sick: one.sick }))
    const holders = forLock ? others.filter((one) => !one.forLock) : []
    const lock = forLock ? ', for a lock' : ''
    const beside = others.map((one) => `${count(one.sick)} in ${plain(one.inside)}`)
    const rest = beside.length === 0 ? '' : `, and ${list(beside)}`
    const suspicion =
      holders.length === 0
        ? ''
        : `; who is in ${plain(holders[0]?.inside ?? '')} does not wait for the lock, and may hold it`
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
        `${plain(inside)}${lock}${call}${rest}${suspicion}; on the reference ${count(row.healthy)} of ${count(row.healthy_all)}.`,
      brief: `${count(row.sick)} threads of ${plain(row.process)} are blocked in ${plain(inside)}${lock}${call}${rest}${suspicion}`,
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
        ...(holders.length === 0 ? [] : ['effect:lock-held']),
      ],
      weight: row.sick,
      key: `blocked ${row.node} ${row.process} ${inside}`,
    }
    return [candidate]
  })
}

interface Place {
  readonly inside: string
  readonly forLock: boolean
}

const placeIn = (stack: readonly string[]): Place | undefined => {
  const frames = stack.map(functionName)
  const at = frames.findIndex((frame) => !isGeneric(frame))
  const inside = frames[at]
  return inside === undefined ? undefined : { inside, forLock: frames.slice(0, at).some(isLockWait) }
}

/** The innermost function that says what is waited for, and whether that is a lock. */
function placeOf({ stack, wchan, node }: Blocked, locks: ReadonlySet<string>): Place {
  const place = placeIn(stack ?? [])
  const inside = place?.inside ?? (wchan === '' ? 'the kernel' : wchan)
  return { inside, forLock: place?.forLock === true || isLockWait(wchan) || locks.has(`${node} ${inside}`) }
}

/**
 * Functions, with their nodes, in which tasks wait for a lock by what the kernel itself printed of blocked tasks:
 * /proc/PID/stack leaves out the locking and scheduling functions at its top (stack_trace_consume_entry_nosched).
 */
async function lockWaits(the: Case): Promise<ReadonlySet<string>> {
  const rows = await the.evidence.rows<{ node: string; frames: string[] }>(`
    SELECT DISTINCT node, frames FROM stacks
    WHERE ${the.sick.captured} AND event = 'dump' AND state = 'D' AND len(frames) > 0`)
  return new Set(
    rows.flatMap(({ node, frames }) => {
      const place = placeIn(frames)
      return place?.forLock === true ? [`${node} ${place.inside}`] : []
    }),
  )
}
