/** Who leads an activity, by how much, and whether the lead is real. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal } from '../case/sql.ts'
import { amount, count, percent, plain, times } from '../statement/format.ts'
import { normalTail, studentTwoSided } from '../stats/distributions.ts'
import type { Activity, Actor } from './activities.ts'
import { ENOUGH, type Implicated } from './implicated.ts'
import { namesOf } from './names.ts'

/** Events come in bursts: this many count as one. */
const BURST = 10
/** Spread of the logarithm of what equal processes do, for amounts that are not counts. */
const AMOUNT_SPREAD = Math.log(1.6)
const AMOUNT_FREEDOM = 6
const BIG_SHARE = 0.5
const BIG_LEAD = 2
/** With such a lead less than half of all is enough. */
const CLEAR_LEAD = 5
const LEAST_SHARE = 0.3
/** Least part of the growth that the counted events must account for. */
const LEAST_BALANCE = 0.05

export async function attribute(
  the: Case,
  implicated: Implicated,
  activity: Activity,
  actors: readonly Actor[],
): Promise<Candidate | undefined> {
  const [first, second] = actors
  if (first === undefined) return undefined
  const { resource, node, growth, score } = implicated
  const total = actors.reduce((sum, actor) => sum + actor.amount, 0)
  const share = first.amount / total
  const lead = first.amount / (second?.amount ?? 0)
  const comparison = the.comparisons.make(chanceOfLead(first, second), 'agents')
  const clear = (share >= BIG_SHARE && lead >= BIG_LEAD) || (share >= LEAST_SHARE && lead >= CLEAR_LEAD)
  if (!clear) return undefined
  const names = activity.id === 'failed-lookup' ? await namesOf(the, node, first.comm) : undefined
  const balance = await balanceOf(the, implicated, activity, first)
  const what = `${implicated.adjective === undefined ? '' : `${implicated.adjective} `}${resource.name}`
  const noun = what.replace(/ \(.*$/, '')
  const next =
    second === undefined
      ? 'nobody else does any'
      : `${times(lead)} as much as the next, ${plain(second.comm)}`
  const asked = names === undefined || names.sentence === '' ? '' : ` ${names.sentence}`
  const who = `${plain(first.comm)}${first.pid === undefined ? '' : ` (pid ${first.pid})`}`
  return {
    kind: 'attribution',
    layer: 'process',
    stage: 'agent',
    subject: {
      node,
      comm: first.comm,
      ...(first.pid === undefined ? {} : { pid: first.pid }),
      ...(names?.directory === undefined ? {} : { path: names.directory }),
      ...(activity.id === 'failed-lookup' ? { errno: 'ENOENT' } : {}),
    },
    statement:
      `${who} makes ${percent(share)} of ${activity.what} (${amount(first.amount, activity.unit)}), ${next}; that is what ` +
      `makes ${what}${growth === undefined ? '' : ', which grew'}.${balance?.sentence ?? ''}${asked}`,
    brief: `${who} makes ${percent(share)} of ${activity.what}, ${next}${growth === undefined || activity.what.includes(noun) ? '' : `, and so ${noun}`}`,
    effect: {
      value: share,
      unit: 'share',
      ...(second === undefined ? {} : { reference: second.amount / total, ratio: lead }),
    },
    comparison,
    big: score >= ENOUGH && (balance === undefined || balance.share >= LEAST_BALANCE),
    sql: activity.sql(the, node),
    chart: {
      type: 'bars',
      title: `Who makes ${activity.what}`,
      unit: activity.unit,
      sql: activity.sql(the, node),
    },
    about: [`comm:${first.comm}`, `resource:${resource.id}`, `activity:${activity.id}`],
    weight: score,
    key: `agent ${node} ${resource.id}`,
  }
}

/**
 * Mass balance: does the pace of the events account for the pace of the growth? Undefined where one of them is not known.
 *
 * Not every event leaves an object, and bursts come and go: only far too few are an objection.
 */
async function balanceOf(
  the: Case,
  { pace, node }: Implicated,
  { table }: Activity,
  { events }: Actor,
): Promise<{ share: number; sentence: string } | undefined> {
  if (pace === undefined || pace <= 0 || table === undefined || events === undefined) return undefined
  const rows = await the.evidence.rows<{ collector: string }>(
    `SELECT DISTINCT collector FROM ${table} WHERE ${the.sick.captured} AND node = ${literal(node)}`,
  )
  const counted = new Set(rows.map(({ collector }) => collector))
  const spans = the.sick.captures
    .flatMap(({ rungs }) => rungs.filter((rung) => rung.node === node && counted.has(rung.collector)))
    .map(({ from, to }) => Number(BigInt(to) - BigInt(from)) / 1e9)
  const longest = Math.max(0, ...spans)
  if (longest <= 0) return undefined
  const perSecond = events / longest
  const share = perSecond / pace
  const sentence =
    share < LEAST_BALANCE
      ? ` That is too few to account for a growth of ${count(pace)} per second.`
      : share <= 1 / LEAST_BALANCE
        ? ` At least ${count(perSecond)} per second, for a growth of ${count(pace)} per second.`
        : ''
  return { share, sentence }
}

/** Chance that the first is no more active than the second. */
export function chanceOfLead(first: Actor, second: Actor | undefined): number {
  if (first.events !== undefined) {
    const other = second?.events ?? 0
    return normalTail((first.events - other) / Math.sqrt(BURST * (first.events + other)))
  }
  // Nobody else: a lone actor stands out of nothing; one part in a thousand is assumed of an unseen next.
  const lead = first.amount / (second?.amount ?? first.amount / 1000)
  return studentTwoSided(Math.log(lead) / AMOUNT_SPREAD, AMOUNT_FREEDOM) / 2
}
