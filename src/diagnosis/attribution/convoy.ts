/**
 * Lock convoys: who holds what everybody waits for.
 *
 * A dump of a virtual machine says who waits for which monitor and who holds it. The kernel knows only a waiter's lock word.
 * Its waiters hand it on to each other, so that most of those who let go are victims too: the holder is who let the others
 * wait the longest before letting go (the lock's share of the critical path: Chen and Stenstrom, Critical Lock Analysis, SC
 * 2012; the cascaded redistribution of wPerf, OSDI 2018, for one lock).
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { literal, query } from '../case/sql.ts'
import { waitsForMutex } from '../knowledge/waits.ts'
import { capital, count, duration, percent, plain, threadName } from '../statement/format.ts'

/** Threads that wait for one lock, and who holds it, where that is known. */
interface Convoy {
  readonly node: string
  readonly pid: number
  readonly process: string
  readonly lock: string
  readonly waiters: readonly number[]
  /** Most of them at one look, and looks with at least two. */
  readonly most: number
  readonly looks: number
  readonly holder?: {
    readonly tid: number
    readonly comm: string
    readonly doing: string
    readonly how: string
  }
  readonly sql: string
}

/** Chance of two waiters at one look at a healthy lock, and of each further one (as of a queue at this load). */
const CHANCE_OF_TWO = 0.03
const LOAD = 0.3
const LEAST_WAITERS = 2
/** Share of all waiting for a lock from which on whoever it is due to is its holder, not one of many who take turns. */
const LEAST_SHARE = 0.5

export async function lockConvoys(the: Case): Promise<Candidate[]> {
  const convoys = [...(await monitors(the)), ...(await mutexes(the))]
  return convoys.flatMap((convoy) => {
    const p = CHANCE_OF_TWO ** Math.min(3, convoy.looks) * LOAD ** Math.min(20, convoy.most - LEAST_WAITERS)
    const comparison = the.comparisons.make(p, 'rules')
    return isObserver(convoy.process) ? [] : [candidateOf(convoy, comparison)]
  })
}

function candidateOf(convoy: Convoy, comparison: Candidate['comparison']): Candidate {
  const { node, pid, process, lock, waiters, most, looks, holder, sql } = convoy
  const waiting = `${count(most)} threads of ${plain(process)} (pid ${pid}) wait for one lock`
  const who = holder === undefined ? '' : threadName(holder.tid, holder.comm, process)
  return {
    kind: holder === undefined ? 'difference' : 'attribution',
    layer: 'process',
    stage: holder === undefined ? 'mechanism' : 'agent',
    subject: {
      node,
      pid,
      ...(holder === undefined ? {} : { tid: holder.tid }),
      comm: holder?.comm ?? process,
    },
    statement:
      `${waiting} (${plain(lock)}; ${count(looks)} ${looks === 1 ? 'look' : 'looks'}); ` +
      (holder === undefined
        ? 'who holds it is not known.'
        : `${who} holds it${holder.doing === '' ? '' : `, in ${plain(holder.doing)}`}: ${holder.how}.`),
    brief:
      holder === undefined
        ? waiting
        : `${capital(who)} holds the lock that ${count(most)} other threads wait for`,
    effect: { value: most, unit: 'threads', reference: 0 },
    comparison,
    big: most > LEAST_WAITERS || looks > 1,
    sql,
    about: [
      ...waiters.map((tid) => `thread:${tid}`),
      ...(holder === undefined ? [] : [`thread:${holder.tid}`, `comm:${holder.comm}`]),
      `comm:${process}`,
      'effect:lock',
    ],
    weight: 5 + most,
    key: `convoy ${node} ${pid} ${lock}`,
  }
}

/** From dumps: monitors that several threads wait for and somebody holds; each dump is a look. */
async function monitors(the: Case): Promise<Convoy[]> {
  interface Row {
    node: string
    pid: number
    lock: string
    waiters: number[]
    most: number
    looks: number
    holder: number | null
    comm: string | null
    doing: string | null
  }
  const rows = await the.evidence.rows<Row>(`
    WITH dumps AS (SELECT * FROM stacks WHERE ${the.sick.captured} AND unit = 'threads' AND pid IS NOT NULL AND tid IS NOT NULL),
    waits AS (
      SELECT node, pid, waits_for AS lock, ts, list(tid) AS tids FROM dumps WHERE coalesce(waits_for, '') <> ''
      GROUP BY ALL HAVING count(DISTINCT tid) >= ${LEAST_WAITERS}
    )
    SELECT w.node, w.pid, w.lock, list_distinct(flatten(list(w.tids))) AS waiters, max(len(w.tids))::DOUBLE AS most,
      count(DISTINCT w.ts)::DOUBLE AS looks, mode(h.tid) AS holder, mode(h.comm) AS comm, mode(h.frames[1]) AS doing
    FROM waits w JOIN dumps h ON h.node = w.node AND h.pid = w.pid AND list_contains(h.holds, w.lock)
      AND coalesce(h.waits_for, '') <> w.lock
    GROUP BY w.node, w.pid, w.lock ORDER BY most DESC LIMIT 20`)
  return rows.flatMap(({ holder, comm, doing, ...row }) => {
    const process = the.targets.find(({ pid }) => pid === row.pid)?.comm ?? 'java'
    if (holder === null) return []
    const how = 'the dump names it as owner'
    const sql = query(`
      SELECT ts, tid, comm, state, waits_for, holds, frames[1:5] AS frames FROM stacks
      WHERE ${the.sick.captured} AND node = ${literal(row.node)} AND pid = ${row.pid}
        AND (waits_for = ${literal(row.lock)} OR list_contains(holds, ${literal(row.lock)})) ORDER BY ts, tid`)
    return [{ ...row, process, sql, holder: { tid: holder, comm: comm ?? '', doing: doing ?? '', how } }]
  })
}

/** From system calls: lock words that several threads of a process wait for. */
async function mutexes(the: Case): Promise<Convoy[]> {
  interface Look {
    node: string
    pid: number
    process: string
    tid: number
    comm: string
    ts: bigint
    call: string
    args: string
  }
  const rows = await the.evidence.rows<Look>(`
    SELECT node, pid, coalesce(process, comm) AS process, tid, comm, ts, coalesce(syscall, '') AS call,
      coalesce(syscall_args, '') AS args
    FROM threads WHERE ${the.sick.captured} AND syscall = 'futex' AND pid IS NOT NULL AND tid IS NOT NULL`)
  const waiting = rows.filter(({ call, args }) => waitsForMutex(call, args))
  const groups = Map.groupBy(waiting, ({ node, pid, args }) => `${node} ${pid} ${args.split(' ')[0] ?? ''}`)
  const convoys = [...groups.values()].flatMap((own): Omit<Convoy, 'holder'>[] => {
    const looks = [...Map.groupBy(own, ({ ts }) => ts).values()].filter(
      ({ length }) => length >= LEAST_WAITERS,
    )
    const [first] = own
    if (first === undefined || looks.length === 0) return []
    const { node, pid, process, args } = first
    const word = args.split(' ')[0] ?? ''
    const sql = query(`
      SELECT ts, tid, comm, state, syscall, syscall_args FROM threads
      WHERE ${the.sick.captured} AND node = ${literal(node)} AND pid = ${pid} ORDER BY ts, tid`)
    const waiters = [...new Set(own.map(({ tid }) => tid))]
    const most = Math.max(...looks.map(({ length }) => length))
    return [{ node, pid, process, lock: `futex ${word}`, waiters, most, looks: looks.length, sql }]
  })
  return Promise.all(
    convoys.map(async (convoy) => {
      const holder = await holderOf(the, convoy)
      return holder === undefined ? convoy : { ...convoy, holder }
    }),
  )
}

/** Who kept the others waiting for most of the time, by the trace of who let whom go on; undefined when it was nobody. */
async function holderOf(the: Case, convoy: Omit<Convoy, 'holder'>): Promise<Convoy['holder'] | undefined> {
  interface Holder {
    tid: number
    comm: string
    doing: string
    held: number
    longest: number
    releases: number
    share: number
  }
  const own = `${the.sick.captured} AND node = ${literal(convoy.node)} AND pid = ${convoy.pid}`
  const [main] = await the.evidence.rows<Holder>(`
    WITH looked AS (SELECT tid, arg_max(syscall, ts) AS doing FROM threads WHERE ${own} GROUP BY tid)
    SELECT tid, any_value(comm) AS comm, coalesce(any_value(doing), '') AS doing, sum(held_ns)::DOUBLE AS held,
      max(max_ns)::DOUBLE AS longest, sum(count)::DOUBLE AS releases, sum(held_ns) / sum(sum(held_ns)) OVER () AS share
    FROM locks LEFT JOIN looked USING (tid)
    WHERE ${own} AND 'futex ' || futex = ${literal(convoy.lock)} GROUP BY tid ORDER BY held DESC LIMIT 1`)
  if (main === undefined || main.share < LEAST_SHARE) return undefined
  const { tid, comm, doing, held, longest, releases, share } = main
  const how =
    `it let go ${count(releases)} ${releases === 1 ? 'time' : 'times'} while it was traced, after others had waited ` +
    `up to ${duration(longest)} (${duration(held)} in all, ${percent(share)} of the waiting for this lock)`
  return { tid, comm, doing, how }
}
