/** System calls that take longer on the sick side, by command, call and path. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isInvolved, isObserver, isRelevant } from '../case/involved.ts'
import { literal, oneOf, query } from '../case/sql.ts'
import { idleCalls, waitOf } from '../knowledge/waits.ts'
import { count, duration, plain, times } from '../statement/format.ts'
import { empiricalNull } from '../stats/empirical-null.ts'

interface CallTimes {
  collector: string
  node: string
  comm: string
  call: string
  path: string
  healthy_calls: number
  healthy_ns: number
  sick_calls: number
  sick_ns: number
  sick_longest: number
  sick_pid: number | null
}

interface Slowdown extends CallTimes {
  readonly before: number
  readonly during: number
  readonly ratio: number
  /** Time that the sick side spent in these calls beyond what it would have at the healthy pace, ns. */
  readonly extra: number
}

const BIG_RATIO = 3
/** Shorter extra times than this are noise of the tracer. */
const BIG_EXTRA_NS = 50_000
/** A slow call must be at least this share of all extra time, or of the probe's. */
const BIG_SHARE = 0.1
/** Standard deviation of the logarithm of single call durations, for groups of few calls. */
const SINGLE_CALL_SPREAD = 0.8

/** Calls slower than on the reference; `probes` are the slow probes that they may explain. */
export async function slowCalls(the: Case, probes: readonly Candidate[]): Promise<Candidate[]> {
  const rows = (await the.evidence.rows<CallTimes>(callQuery(the))).filter(
    ({ comm, path }) => !isObserver(comm) && path.length < 4096,
  )
  const slowdowns = rows.map((row): Slowdown => {
    const before = row.healthy_ns / row.healthy_calls
    const during = row.sick_ns / row.sick_calls
    return {
      ...row,
      before,
      during,
      ratio: during / Math.max(before, 1),
      extra: (during - before) * row.sick_calls,
    }
  })
  return [...Map.groupBy(slowdowns, ({ collector }) => collector).values()].flatMap((family) =>
    judge(the, family, probes),
  )
}

function judge(the: Case, family: readonly Slowdown[], probes: readonly Candidate[]): Candidate[] {
  const logs = family.map(({ ratio }) => Math.log(Math.max(ratio, 1e-9)))
  const chance = empiricalNull(logs)
  const whole = family
    .filter(({ path }) => path === '')
    .reduce((sum, { extra }) => sum + Math.max(0, extra), 0)
  // What the symptom's own figures lost, each in ns: a call that is as much longer explains one of them.
  const lost = probes.flatMap(({ effect }) =>
    effect.unit === 'ns' ? [effect.value - (effect.reference ?? 0)] : [],
  )
  return family.flatMap((slow, i) => {
    const noise = SINGLE_CALL_SPREAD * Math.sqrt(1 / slow.healthy_calls + 1 / slow.sick_calls)
    const comparison = the.comparisons.make(chance.p(logs[i] ?? 0, noise))
    const explained = Math.max(0, ...lost.map((each) => closeness(slow.during - slow.before, each)))
    const involved = isInvolved(the, slow.comm)
    const relevant = isRelevant(the, slow.comm)
    const share = whole > 0 ? slow.extra / whole : 0
    if (slow.ratio < BIG_RATIO || slow.during - slow.before < BIG_EXTRA_NS) return []
    if (share < BIG_SHARE && !(involved && explained >= BIG_SHARE)) return []
    // Of a call that may wait for a peer only an involved one is a statement about slowness.
    const waits = waitOf(slow.call) !== undefined
    const weight =
      Math.log10(slow.ratio) +
      (involved ? 10 : 0) +
      5 * Math.min(1, explained) +
      (slow.path === '' ? 0 : 1) -
      (waits ? 8 : 0)
    const told = involved && explained > 0 ? Math.min(1, explained) : 0
    return [candidateOf(the, slow, comparison, told, weight, relevant && (involved || !waits))]
  })
}

/** Part of a loss that is explained by another; being twice too much is as wrong as half. */
const closeness = (part: number, loss: number): number =>
  loss <= 0 || part <= 0 ? 0 : Math.min(part / loss, loss / part)

function candidateOf(
  the: Case,
  slow: Slowdown,
  comparison: Candidate['comparison'],
  explained: number,
  weight: number,
  big: boolean,
): Candidate {
  const on = slow.path === '' ? '' : ` on ${plain(slow.path)}`
  const explains =
    explained >= 0.5 ? ` That is ${Math.round(explained * 100)} % of what the slow probe lost.` : ''
  const where = [
    `collector = ${literal(slow.collector)} AND node = ${literal(slow.node)} AND comm = ${literal(slow.comm)}`,
    `AND call = ${literal(slow.call)}${slow.path === '' ? '' : ` AND path = ${literal(slow.path)}`}`,
  ].join(' ')
  return {
    kind: 'difference',
    layer: 'kernel',
    stage: big ? 'symptom' : 'context',
    subject: {
      node: slow.node,
      comm: slow.comm,
      call: slow.call,
      ...(slow.path === '' ? {} : { path: slow.path }),
      ...(slow.sick_pid === null ? {} : { pid: slow.sick_pid }),
      collector: slow.collector,
    },
    statement:
      `${slow.call}${on} by ${plain(slow.comm)} took ${duration(slow.during)} on average (${count(slow.sick_calls)} calls, ` +
      `the longest ${duration(slow.sick_longest)}), ${times(slow.ratio)} the ${duration(slow.before)} of the reference.${explains}`,
    brief: `${slow.call}${on} by ${plain(slow.comm)} takes ${duration(slow.during)}, ${times(slow.ratio)} as long as before`,
    effect: { value: slow.during, unit: 'ns', reference: slow.before, ratio: slow.ratio },
    comparison,
    big,
    sql: query(`
      SELECT CASE WHEN ${the.sick.captured} THEN 'sick' ELSE 'reference' END AS side, capture, comm, call, path,
        sum(coalesce(count, 1))::BIGINT AS calls,
        sum(duration_ns) / sum(coalesce(count, 1)) / 1e6 AS mean_ms, max(coalesce(max_ns, duration_ns)) / 1e6 AS longest_ms
      FROM syscalls WHERE ${where} AND (${the.sick.captured} OR ${the.healthy.captured})
      GROUP BY ALL ORDER BY side, mean_ms DESC`),
    about: [`call:${slow.call}`, `comm:${slow.comm}`, ...(big ? ['effect:slow'] : [])],
    weight,
    key: `slow call ${slow.node} ${slow.comm} ${slow.call}`,
  }
}

/**
 * Calls by command and call, and by path too, on both sides; only what both sides have can be compared. Aggregating
 * collectors write exact totals and sampled paths as separate rows (`args`), which must not be added up.
 */
const callQuery = ({ sick, healthy }: Case): string => `
  WITH calls AS (
    SELECT collector, node, comm, call, nullif(path, '') AS path, coalesce(args, '') AS args, pid, ${sick.captured} AS sick,
      coalesce(count, 1) AS calls, duration_ns AS ns, coalesce(max_ns, duration_ns) AS longest
    FROM syscalls
    WHERE (${sick.captured} OR ${healthy.captured}) AND coalesce(finished, true) AND duration_ns IS NOT NULL
      AND comm IS NOT NULL AND call IS NOT NULL AND coalesce(errno, '') NOT IN ('EINTR', 'EAGAIN')
      AND NOT ${oneOf('call', idleCalls)}
  ), parts AS (
    SELECT * REPLACE ('' AS path) FROM calls WHERE args <> 'sampled path'
    UNION ALL SELECT * FROM calls WHERE path IS NOT NULL AND args <> 'total'
  )
  SELECT collector, node, comm, call, path,
    sum(calls) FILTER (NOT sick)::DOUBLE AS healthy_calls, sum(ns) FILTER (NOT sick)::DOUBLE AS healthy_ns,
    sum(calls) FILTER (sick)::DOUBLE AS sick_calls, sum(ns) FILTER (sick)::DOUBLE AS sick_ns,
    max(longest) FILTER (sick)::DOUBLE AS sick_longest,
    CASE WHEN count(DISTINCT pid) FILTER (sick) = 1 THEN max(pid) FILTER (sick) END AS sick_pid
  FROM parts GROUP BY collector, node, comm, call, path
  HAVING sum(calls) FILTER (NOT sick) > 0 AND sum(calls) FILTER (sick) > 0
  ORDER BY sick_ns DESC LIMIT 20000`
