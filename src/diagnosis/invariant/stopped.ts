/** Processes that a signal stopped, while others wait for them. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { homesOf } from '../case/homes.ts'
import { socketStates, type SocketState } from '../case/sockets.ts'
import { literal, query } from '../case/sql.ts'
import { count, plain } from '../statement/format.ts'

interface Stopped {
  node: string
  pid: number
  process: string
  threads: number
  looks: number
  ran_before: boolean | null
}

/** Chance that a healthy process which a probe knocks at is found stopped at one look: somebody's debugger, at most. */
const CHANCE_OF_ONE_LOOK = 0.01

/** Targets all of whose threads are in state T (man 5 proc: stopped on a signal) at every look. */
export async function stoppedProcesses(the: Case): Promise<Candidate[]> {
  const rows = await the.evidence.rows<Stopped>(`
    SELECT node, pid, arg_max(process, ts) AS process, count(DISTINCT tid)::DOUBLE AS threads, count(DISTINCT ts)::DOUBLE AS looks,
      (SELECT bool_or(r.state <> 'T') FROM threads r WHERE ${the.healthy.captured} AND r.node = t.node AND r.pid = t.pid) AS ran_before
    FROM threads t WHERE ${the.sick.captured} AND pid IS NOT NULL
    GROUP BY node, pid HAVING bool_and(coalesce(state, '') = 'T') ORDER BY node, pid`)
  const targets = rows.filter(({ node, pid }) =>
    the.targets.some((target) => target.node === node && target.pid === pid),
  )
  const sockets = await socketStates(the)
  const homeOf = await homesOf(the)
  return targets.map((row) => {
    const own = sockets.filter((one) => one.pid === row.pid && the.sameHost(one.node, row.node))
    return candidateOf(
      the,
      row,
      homeOf(row),
      own.filter(({ least }) => least > 0),
    )
  })
}

function candidateOf(the: Case, row: Stopped, home: string, pending: readonly SocketState[]): Candidate {
  const { node, pid, process, threads, looks } = row
  const work = pending.reduce((sum, { last }) => sum + last, 0)
  const waits = work === 0 ? '' : `, while ${count(work)} connections or bytes wait in its queues`
  const before = row.ran_before === true ? '; on the reference it ran' : ''
  const who = `${plain(process)} (pid ${pid})`
  return {
    kind: 'invariant',
    layer: 'process',
    stage: 'contradiction',
    // The network that it serves says more of where it is than the host that was asked for its threads.
    subject: { node: home, pid, comm: process },
    statement:
      `${who} is stopped by a signal: all its ${count(threads)} threads were in state T at ${count(looks)} looks${waits}${before}. ` +
      `\`kill -CONT ${pid}\` lets it go on; who stopped it is not recorded.`,
    brief: `${who} is stopped by a signal (state T)${waits}`,
    effect: { value: threads, unit: 'threads', reference: 0 },
    comparison: the.comparisons.make(CHANCE_OF_ONE_LOOK ** Math.min(3, looks), 'rules'),
    big: true,
    standsAlone: work > 0,
    sql: query(`
      SELECT capture, ts, tid, comm, state, syscall FROM threads
      WHERE node = ${literal(node)} AND pid = ${pid} ORDER BY ts, tid`),
    about: [
      ...pending.map((socket) => `socket:${socket.protocol} ${socket.local}`),
      `comm:${process}`,
      'effect:pending',
      'effect:stopped',
    ],
    weight: 30,
    key: `stopped ${node} ${pid}`,
  }
}
