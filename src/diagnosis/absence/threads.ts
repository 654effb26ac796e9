/** Threads that used to run and stand still now. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { capital, count, duration, threadName } from '../statement/format.ts'

interface Still {
  node: string
  pid: number
  tid: number
  comm: string
  process: string
  call: string | null
  span: number
  rate: number
}

/** Switches that should have happened, at the pace of before, for standing still to mean something. */
const LEAST_EXPECTED = 5
/** Switches come in bursts: this many count as one event. */
const BURST = 4

export async function silentThreads(the: Case): Promise<Candidate[]> {
  if (the.symptom === null) return []
  const rows = await the.evidence.rows<Still>(`
    WITH looks AS (
      SELECT node, pid, tid, comm, process, syscall, ts, ${the.sick.captured} AS sick,
        voluntary_switches + coalesce(involuntary_switches, 0) AS switches
      FROM threads WHERE (${the.sick.captured} OR ${the.healthy.captured}) AND voluntary_switches IS NOT NULL
    )
    SELECT node, pid, tid, arg_max(comm, ts) AS comm, coalesce(arg_max(process, ts), '') AS process,
      arg_max(syscall, ts) AS call,
      (max(ts) FILTER (sick) - min(ts) FILTER (sick))::DOUBLE AS span,
      ((max(switches) FILTER (NOT sick) - min(switches) FILTER (NOT sick)) * 1e9
        / nullif((max(ts) FILTER (NOT sick) - min(ts) FILTER (NOT sick))::DOUBLE, 0))::DOUBLE AS rate
    FROM looks GROUP BY node, pid, tid
    HAVING max(switches) FILTER (sick) = min(switches) FILTER (sick) AND span > 0 AND rate > 0
    ORDER BY rate DESC`)
  return rows.flatMap((row) => {
    if (isObserver(row.process)) return []
    const expected = (row.rate * row.span) / 1e9
    const comparison = the.comparisons.make(Math.exp(-expected / BURST))
    if (expected < LEAST_EXPECTED) return []
    const target = the.targets.some(({ node, pid }) => node === row.node && pid === row.pid)
    const where = row.call === null || row.call === '' ? '' : `, in ${row.call}`
    const candidate: Candidate = {
      kind: 'absence',
      layer: 'process',
      stage: target ? 'contradiction' : 'context',
      subject: {
        node: row.node,
        pid: row.pid,
        tid: row.tid,
        comm: row.process,
        ...(row.call === null ? {} : { call: row.call }),
      },
      statement:
        `${capital(threadName(row.tid, row.comm, row.process))} stood still for ${duration(row.span)}${where}: no ` +
        `context switch, where about ${count(expected)} were to be expected at the pace of the reference.`,
      effect: { value: 0, unit: 'switches', reference: expected, ratio: 0 },
      comparison,
      big: target,
      sql: query(`
        SELECT capture, ts, tid, comm, state, syscall, voluntary_switches, involuntary_switches FROM threads
        WHERE node = ${literal(row.node)} AND tid = ${row.tid} ORDER BY ts`),
      about: [`thread:${row.tid}`, `comm:${row.process}`, 'effect:still'],
      weight: (target ? 10 : 0) + Math.log10(expected),
      key: `still ${row.node} ${row.tid}`,
    }
    return [candidate]
  })
}
