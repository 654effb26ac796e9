/**
 * Who uses a device that became slower, by two accounts that know nothing of each other: who queued its requests, and what
 * the kernel counts for each process. Who moves more elsewhere, or as much as ever here, is not to blame.
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { costs, devices, requestSeconds, type Device, type Moment } from '../case/devices.ts'
import { worksForOthers } from '../case/involved.ts'
import { within } from '../case/series.ts'
import { literal, query } from '../case/sql.ts'
import { processOf } from '../difference/metrics.ts'
import { sidesOf } from '../difference/devices.ts'
import { functionName, isLockWait } from '../../base/kernel-reports/functions.ts'
import { waitsForMutex } from '../knowledge/waits.ts'
import { amount, count, duration, list, percent, plain, times } from '../statement/format.ts'
import { compareByRanks } from '../stats/mann-whitney.ts'
import { mean, median } from '../stats/order.ts'
import { byComm, type Actor } from './activities.ts'
import { chanceOfLead } from './leader.ts'

/** Bytes of a process on a device while it was traced. */
interface Traced {
  readonly device: string
  readonly operation: string
  readonly comm: string
  readonly pid: number
  readonly amount: number
}

/** Bytes of a command on a device while it was traced, sick side, and by how much /proc says it moves. */
interface User extends Actor {
  readonly device: string
  /** Per second, by /proc/PID/io, on either side. */
  readonly before: number
  readonly during: number
}

/** What it is measured by: bytes that it queued, or that /proc counts per second. */
interface Share extends User {
  readonly part: number
}

const BIG_SHARE = 0.5
/** Doing so many times as much as before, with such a share, is being to blame. */
const GREW = 1.5
const GROWN_SHARE = 0.3
/** Who moves such a part of what the main user does is worth a word. */
const WORTH_A_WORD = 0.5
const MOST_INNOCENT = 2

/** Candidates about a slow device; none when somebody asks more of it than before, who is then looked for elsewhere. */
export async function deviceUsers(the: Case, slow: Candidate): Promise<Candidate[]> {
  const { node, device } = slow.subject
  if (node === undefined || device === undefined) return []
  const all = await the.evidence.rows<Traced>(tracedQuery(the, node))
  const here = all.filter((row) => row.device === device)
  // Programs are read from one disk and write to another: only what is done most to the slow one is looked at.
  const [main] = [...Map.groupBy(here, ({ operation }) => operation).values()].toSorted(
    (a, b) => sum(b) - sum(a),
  )
  const rows = all.filter(({ operation }) => operation === main?.[0]?.operation)
  const workers = sum(
    here.filter(({ comm, operation }) => worksForOthers(comm) && operation === main?.[0]?.operation),
  )
  const users = await usersOf(the, node, rows)
  const traced = sum(users.filter((user) => user.device === device))
  // What was made dirty is often written by kernel workers: then only the processes' own figures tell whose it is.
  const byProc = workers > traced
  const own = users
    .filter((user) => user.device === device)
    .map((user) => ({ ...user, part: byProc ? user.during : user.amount }))
    .toSorted((a, b) => b.part - a.part)
  const [first, second] = own
  if (first === undefined) return []
  const parts = own.reduce((total, { part }) => total + part, 0)
  const share = first.part / parts
  const actors = [first, second].map((one) => one && { comm: one.comm, amount: one.part })
  const comparison = the.comparisons.make(chanceOfLead(actors[0] ?? first, actors[1]), 'agents')
  const grown = own.some((one) => one.during > GREW * one.before && one.part / parts >= GROWN_SHARE)
  if (share < BIG_SHARE || grown) return []
  const stood = await waitingOf(the, node, first)
  const innocent = await innocents(the, node, device, first, users)
  return [userCandidate(the, node, device, first, own, workers, comparison, innocent, stood), ...innocent]
}

const sum = (rows: readonly { readonly amount: number }[]): number =>
  rows.reduce((total, row) => total + row.amount, 0)

/** Each command on the device that most of its bytes went to, the largest first. */
async function usersOf(the: Case, node: string, rows: readonly Traced[]): Promise<User[]> {
  const moved = (await the.series()).filter(
    (one) => one.node === node && /^process_io_(read|written)_bytes_total$/.test(one.metric),
  )
  const paceOf = (comm: string, { from, to }: Pick<Case['sick'], 'from' | 'to'>): number =>
    moved
      .filter((series) => processOf(series).comm === comm)
      .map((series) => within(series, the.seconds(from), the.seconds(to)))
      .reduce((total, values) => total + (values.length === 0 ? 0 : mean(values)), 0)
  const all = [...Map.groupBy(rows, (row) => row.device)].flatMap(([device, own]) =>
    byComm(own).map((actor) => ({ ...actor, device })),
  )
  return [...Map.groupBy(all, ({ comm }) => comm).values()]
    .map((same) => same.reduce((a, b) => (b.amount > a.amount ? b : a)))
    .map((main) => ({
      ...main,
      before: paceOf(main.comm, the.healthy),
      during: paceOf(main.comm, the.sick),
    }))
    .sort((a, b) => b.amount - a.amount)
}

function userCandidate(
  the: Case,
  node: string,
  device: string,
  first: Share,
  own: readonly Share[],
  byWorkers: number,
  comparison: Candidate['comparison'],
  innocent: readonly Candidate[],
  stood: string,
): Candidate {
  const [traced, counted, parts] = (['amount', 'during', 'part'] as const).map((of) =>
    own.reduce((total, user) => total + user[of], 0),
  ) as [number, number, number]
  const [next] = own.slice(1)
  const share = first.part / parts
  const who = `${plain(first.comm)}${first.pid === undefined ? '' : ` (pid ${first.pid})`}`
  const queued = `${percent(first.amount / traced)} by who queued it`
  const proc = `${percent(first.during / counted)} by what /proc counts for each process`
  const accounts = byWorkers > traced ? proc : counted > 0 ? `${queued}, and ${proc}` : queued
  const workers = `${amount(first.amount, 'bytes')} while it was traced; kernel workers queued ${amount(byWorkers, 'bytes')} for whoever made it dirty`
  const pace = `${amount(first.during, 'bytes/s')}, ${first.before > 0 ? `against ${amount(first.before, 'bytes/s')} before` : 'as far as is known'}`
  const others = innocent.flatMap(({ brief }) => (brief === undefined ? [] : [`; ${brief}`])).join('')
  const sql = query(`
    SELECT comm AS label, sum(amount) AS value FROM (${tracedQuery(the, node)}) WHERE device = ${literal(device)}
    GROUP BY comm ORDER BY value DESC LIMIT 12`)
  return {
    kind: 'attribution',
    layer: 'process',
    stage: 'agent',
    subject: {
      node,
      device,
      comm: first.comm,
      ...(first.pid === undefined ? {} : { pid: first.pid }),
    },
    statement: `${who} makes most of the traffic of ${plain(device)}: ${accounts} (${workers}). It moves ${pace}: nobody asks more of ${plain(device)} than before.${stood}`,
    brief: `${who} makes ${percent(share)} of its traffic, no more than before${others}`,
    effect: {
      value: share,
      unit: 'share',
      ...(next === undefined ? {} : { reference: next.part / parts, ratio: first.part / next.part }),
    },
    comparison,
    big: true,
    sql,
    chart: { type: 'bars', title: `Who uses ${plain(device)}`, unit: 'bytes', sql },
    about: [`comm:${first.comm}`, `device:${node} ${device}`, 'resource:block-io', 'activity:device-use'],
    weight: 6,
    key: `user ${node} ${device}`,
  }
}

/** What it was seen to wait for: a sentence, empty when it was not looked at. */
async function waitingOf(the: Case, node: string, { comm, pid }: User): Promise<string> {
  if (pid === undefined) return ''
  const looks = await the.evidence.rows<{
    state: string
    call: string
    args: string
    stack: string[] | null
  }>(`
    SELECT coalesce(state, '') AS state, coalesce(syscall, '') AS call, coalesce(syscall_args, '') AS args, kernel_stack AS stack
    FROM threads WHERE ${the.sick.captured} AND node = ${literal(node)} AND pid = ${pid}`)
  const blocked = looks.filter(({ state }) => state === 'D')
  if (blocked.length === 0) return ''
  const calls = [...new Set(blocked.map(({ call }) => call))].filter((call) => /^[a-z]/.test(call))
  const locks = looks.filter(
    ({ call, args, stack }) =>
      waitsForMutex(call, args) || stack?.some((frame) => isLockWait(functionName(frame))) === true,
  )
  return (
    ` Of ${count(looks.length)} looks at ${plain(comm)} ${count(blocked.length)} found it blocked` +
    `${calls.length === 0 ? '' : ` in ${list(calls)}`}, and ${locks.length === 0 ? 'none' : count(locks.length)} waiting for a lock.`
  )
}

/** Those who move much and do not make it slow: on another device, or little on this one. */
async function innocents(
  the: Case,
  node: string,
  device: string,
  first: User,
  users: readonly User[],
): Promise<Candidate[]> {
  const all = (await devices(the)).filter((one) => one.node === node)
  const sick = all.find(({ name }) => name === device)
  const pace = (user: User): number => Math.max(user.during, 0)
  return users
    .filter((user) => user.comm !== first.comm)
    .filter((user) => user.device === device || pace(user) >= WORTH_A_WORD * pace(first))
    .sort((a, b) => pace(b) - pace(a))
    .slice(0, MOST_INNOCENT)
    .flatMap((user) => {
      const reason = user.device === device ? sameDevice(user, users) : elsewhere(the, user, first, sick, all)
      return reason === undefined ? [] : [innocentCandidate(the, node, user, reason)]
    })
}

interface Reason {
  readonly sentence: string
  /** For the answer; what is obvious is left out there. */
  readonly brief?: string
  readonly comparison: Candidate['comparison']
  readonly effect: Candidate['effect']
}

function sameDevice(user: User, users: readonly User[]): Reason | undefined {
  const share = user.amount / sum(users.filter(({ device }) => device === user.device))
  if (user.during > GREW * user.before) return undefined
  const makes = `${plain(user.comm)} makes ${percent(share)} of the traffic of ${plain(user.device)}`
  return {
    sentence: `${makes} and moves no more than before (${amount(user.during, 'bytes/s')}, against ${amount(user.before, 'bytes/s')}): it is not to blame.`,
    comparison: null,
    effect: { value: user.during, unit: 'bytes/s', reference: user.before },
  }
}

function elsewhere(
  the: Case,
  user: User,
  first: User,
  sick: Device | undefined,
  all: readonly Device[],
): Reason | undefined {
  const other = all.find(({ name }) => name === user.device)
  if (other === undefined || sick === undefined) return undefined
  const [was, is] = sidesOf(the, other)
  const [sickWas, sickIs] = sidesOf(the, sick)
  if (was.length === 0 || is.length === 0) return undefined
  // In units of what each took before: were both as sick, these would be alike.
  const inOwn = (before: readonly Moment[], during: readonly Moment[]): number[] => {
    const unit = median(costs(before))
    return costs(during).map((cost) => cost / unit)
  }
  const { p, delta } = compareByRanks(inOwn(was, is), inOwn(sickWas, sickIs), 1)
  const [before, during] = [was, is].map((side) => duration(requestSeconds(side) * 1e9))
  const more = user.during / first.during
  const much = `${plain(user.comm)} moves ${amount(user.during, 'bytes/s')}${more > 1 && Number.isFinite(more) ? `, ${times(more)} as much as ${plain(first.comm)}` : ''}`
  return {
    sentence: `${much}, but on ${plain(user.device)}, where a request takes ${during} (${before} before): it is not to blame.`,
    brief: `${plain(user.comm)} moves ${amount(user.during, 'bytes/s')}${more > 1 ? ', more, but' : ''} on ${plain(user.device)}, where a request takes ${during} (${before} before)`,
    comparison: delta > 0 ? the.comparisons.make(p, 'agents') : null,
    effect: { value: user.during, unit: 'bytes/s', reference: first.during, ratio: more },
  }
}

const innocentCandidate = (the: Case, node: string, user: User, reason: Reason): Candidate => ({
  kind: 'attribution',
  layer: 'process',
  stage: 'context',
  subject: {
    node,
    device: user.device,
    comm: user.comm,
    ...(user.pid === undefined ? {} : { pid: user.pid }),
  },
  statement: reason.sentence,
  ...(reason.brief === undefined ? {} : { brief: reason.brief }),
  effect: reason.effect,
  comparison: reason.comparison,
  big: true,
  sql: query(`
    SELECT device, comm, sum(amount) AS bytes FROM (${tracedQuery(the, node)}) WHERE comm = ${literal(user.comm)}
    GROUP BY ALL ORDER BY bytes DESC`),
  about: [`comm:${user.comm}`, 'effect:innocent'],
  weight: -1,
  key: `innocent ${node} ${user.comm}`,
})

/** Bytes by device, command and process on the sick side, as the collector that saw most has them. */
const tracedQuery = (the: Case, node: string): string => `
    WITH counted AS (
      SELECT collector, device, operation, comm, pid, sum(bytes)::DOUBLE AS amount FROM block_io
      WHERE ${the.sick.captured} AND node = ${literal(node)} AND comm IS NOT NULL GROUP BY ALL
    ), best AS (SELECT collector FROM counted GROUP BY collector ORDER BY sum(amount) DESC LIMIT 1)
    SELECT device, operation, comm, pid, amount FROM counted WHERE collector IN (SELECT collector FROM best) AND amount > 0`
