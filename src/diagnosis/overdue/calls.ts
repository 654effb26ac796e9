/** Calls that have not returned, for longer than their own options allow, or than such calls ever took on the reference. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver, isRelevant } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { deadlineOf } from '../knowledge/deadlines.ts'
import { waitOf } from '../knowledge/waits.ts'
import { count, duration, plain, times } from '../statement/format.ts'

interface Unfinished {
  node: string
  pid: number
  tid: number | null
  comm: string
  call: string
  path: string | null
  args: string | null
  lasted: number
  longest: number | null
}

const BIG_RATIO = 10
const LEAST_NS = 1e9
/** Chance that a call outlasts its own deadline, or ten times the longest of the reference, and nothing is wrong. */
const CHANCE_PAST_DEADLINE = 0.005
const CHANCE_PAST_LONGEST = 0.02

export async function unfinishedCalls(the: Case): Promise<Candidate[]> {
  const rows = await the.evidence.rows<Unfinished>(`
    SELECT node, pid, any_value(tid) AS tid, comm, call, any_value(path) AS path, any_value(args) AS args,
      max(duration_ns)::DOUBLE AS lasted,
      (SELECT max(coalesce(r.max_ns, r.duration_ns))::DOUBLE FROM syscalls r
        WHERE ${the.healthy.captured} AND r.call = s.call AND coalesce(r.finished, true)) AS longest
    FROM syscalls s
    WHERE ${the.sick.captured} AND NOT coalesce(finished, true) AND duration_ns >= ${LEAST_NS} AND comm IS NOT NULL
    GROUP BY node, pid, comm, call ORDER BY lasted DESC LIMIT 100`)
  const alike = Map.groupBy(rows, keyOf)
  return rows.flatMap((row) => {
    const others = (alike.get(keyOf(row))?.length ?? 1) - 1
    const company = others === 0 ? '' : `, nor had ${count(others)} others of its kind`
    if (isObserver(row.comm) || waitOf(row.call)?.waits === 'always') return []
    const deadline = deadlineOf(row.call, row.args ?? '')
    const past = deadline !== undefined && row.lasted > deadline.ns
    const slow = row.longest !== null && row.lasted > BIG_RATIO * row.longest
    const comparison = the.comparisons.make(
      past ? CHANCE_PAST_DEADLINE : slow ? CHANCE_PAST_LONGEST : 0.5,
      'rules',
    )
    const involved = isRelevant(the, row.comm)
    if (!past && (!slow || !involved) && waitOf(row.call) !== undefined) return []
    const measure = past
      ? `, although ${deadline.why}`
      : slow
        ? `, ${times(row.lasted / Math.max(1, row.longest ?? 1))} the longest such call of the reference (${duration(row.longest ?? 0)})`
        : ''
    const candidate: Candidate = {
      kind: 'overdue',
      layer: 'kernel',
      stage: 'contradiction',
      subject: {
        node: row.node,
        pid: row.pid,
        ...(row.tid === null ? {} : { tid: row.tid }),
        comm: row.comm,
        call: row.call,
        ...(row.path === null || row.path === '' ? {} : { path: row.path }),
      },
      statement: `${row.call} of ${plain(row.comm)} (pid ${row.pid}) had not returned after ${duration(row.lasted)}${measure}${company}.`,
      brief: `${row.call} of ${plain(row.comm)} (pid ${row.pid}) had not returned after ${duration(row.lasted)}${past ? measure : ''}${company}`,
      effect: {
        value: row.lasted,
        unit: 'ns',
        ...(past
          ? { reference: deadline.ns, ratio: row.lasted / deadline.ns }
          : slow
            ? { reference: row.longest ?? 0 }
            : {}),
      },
      comparison,
      big: past || (slow && involved),
      standsAlone: past,
      sql: query(`
        SELECT ts, collector, pid, comm, call, args, duration_ns / 1e9 AS seconds, finished FROM syscalls
        WHERE ${the.sick.captured} AND NOT finished AND call = ${literal(row.call)} AND node = ${literal(row.node)} ORDER BY duration_ns DESC`),
      about: [
        `call:${row.call}`,
        `comm:${row.comm}`,
        'effect:stuck',
        ...(past ? ['effect:past-deadline'] : []),
      ],
      weight: Math.log10(row.lasted) + (past ? 5 : 0),
      key: `unfinished ${keyOf(row)}`,
    }
    return [candidate]
  })
}

const keyOf = ({ node, comm, call }: Unfinished): string => `${node} ${comm} ${call}`
