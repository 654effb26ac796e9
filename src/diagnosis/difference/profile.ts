/**
 * Where the time goes: the function that took over the samples of the slow call, sick against healthy.
 *
 * A differential profile (Gregg, Differential Flame Graphs, 2014), narrowed to the stacks that pass through the slow
 * call. Time belongs to the first frame, leaf first, that means something: a lock, a copy or the scheduler is charged to
 * its caller, and named beside it.
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import type { Comparison } from '../comparisons.ts'
import { isInvolved, isObserver } from '../case/involved.ts'
import { literal, matches, query } from '../case/sql.ts'
import { entryOf, functionName, isGeneric, isIdle, isLockWait } from '../knowledge/functions.ts'
import { resourceOfFunction } from '../knowledge/resources.ts'
import { count, percent, plain } from '../statement/format.ts'
import { binomialTail } from '../stats/distributions.ts'

interface Stack {
  node: string
  comm: string
  frames: string[]
  kernel_frames: number | null
  healthy: number
  sick: number
}

/** Stacks that belong together, and how people call them. */
interface Group {
  readonly name: string
  readonly call?: string
  readonly comm?: string
  readonly node: string
  readonly stacks: readonly Stack[]
  readonly involved: boolean
}

/** A function of the group, and its part in it. */
interface Hot {
  readonly name: string
  readonly own: readonly Stack[]
  readonly samples: number
  readonly share: number
  readonly before: number
  readonly comparison: Comparison
}

/** Fewer samples than this say nothing about shares. */
const LEAST_SAMPLES = 5
const BIG_SHARE = 0.2
const BIG_GAIN = 0.1
/** A share below this is taken for granted of any function that the healthy side never showed. */
const PRIOR_SHARE = 0.05
const MOST_STACKS = 50_000

/** The function that explains each slow call, and each busy target. */
export async function hotFunctions(the: Case, slow: readonly Candidate[]): Promise<Candidate[]> {
  const stacks = (await the.evidence.rows<Stack>(stackQuery(the))).filter(
    ({ comm, frames }) => !isObserver(comm) && frames.length > 0 && !frames.some(isIdle),
  )
  return groupsOf(the, stacks, slow).flatMap((group) => {
    const found = judge(the, group, stacks)
    return found === undefined ? [] : [found]
  })
}

function groupsOf(the: Case, stacks: readonly Stack[], slow: readonly Candidate[]): Group[] {
  const groups: Group[] = []
  for (const { subject } of slow) {
    const { call, comm, node = '' } = subject
    if (call === undefined || groups.some((group) => group.call === call && group.comm === comm)) continue
    const entry = entryOf(call)
    const inCall = stacks.filter(
      (stack) => stack.node === node && stack.frames.some((frame) => entry.test(functionName(frame))),
    )
    const own = inCall.filter((stack) => stack.comm === comm)
    // Too short-lived to be sampled under its own name: whoever is in that call stands for it.
    const chosen = weightOf(own, 'sick') > 0 ? own : inCall
    const named = {
      name: `${call} by ${plain(comm ?? '')}`,
      call,
      node,
      involved: true,
      ...(comm === undefined ? {} : { comm }),
    }
    if (weightOf(chosen, 'sick') > 0) groups.push({ ...named, stacks: chosen })
  }
  for (const [key, own] of Map.groupBy(stacks, ({ node, comm }) => `${node}\0${comm}`)) {
    const [node = '', comm = ''] = key.split('\0')
    if (!isInvolved(the, comm) || groups.some((group) => group.comm === comm && group.node === node)) continue
    groups.push({ name: plain(comm), comm, node, stacks: own, involved: false })
  }
  return groups
}

function judge(the: Case, group: Group, all: readonly Stack[]): Candidate | undefined {
  const sickWeight = weightOf(group.stacks, 'sick')
  const healthyWeight = weightOf(group.stacks, 'healthy')
  if (sickWeight < LEAST_SAMPLES) return undefined
  const functions = [...Map.groupBy(group.stacks, ({ frames }) => meaningful(frames))].map(
    ([name, own]): Hot => {
      const samples = weightOf(own, 'sick')
      const share = samples / sickWeight
      // A call too fast to be sampled has no stacks on the healthy side: all of that side stands in.
      const before =
        healthyWeight > 0
          ? weightOf(own, 'healthy') / healthyWeight
          : weightOf(
              all.filter(({ frames }) => meaningful(frames) === name),
              'healthy',
            ) / Math.max(1, weightOf(all, 'healthy'))
      const p = binomialTail(Math.round(samples), Math.round(sickWeight), Math.max(before, PRIOR_SHARE))
      return { name, own, samples, share, before, comparison: the.comparisons.make(p) }
    },
  )
  const best = functions.reduce((a, b) => (b.share - b.before > a.share - a.before ? b : a))
  if (best.share < BIG_SHARE || best.share - best.before < BIG_GAIN) return undefined
  return candidateOf(the, group, best, sickWeight, healthyWeight)
}

function candidateOf(
  the: Case,
  group: Group,
  best: Hot,
  sickWeight: number,
  healthyWeight: number,
): Candidate {
  const leaf = best.own.toSorted((a, b) => b.sick - a.sick)[0]?.frames[0] ?? best.name
  const lock = isLockWait(functionName(leaf)) ? `, waiting for a lock (${plain(functionName(leaf))})` : ''
  const resource = resourceOfFunction(best.name)
  const reference =
    healthyWeight > 0
      ? percent(best.before)
      : `${percent(best.before)} of all samples, too fast to be sampled there`
  const filter = [
    `node = ${literal(group.node)} AND state = 'on-cpu'`,
    ...(group.comm === undefined || group.stacks.some(({ comm }) => comm !== group.comm)
      ? []
      : [`comm = ${literal(group.comm)}`]),
    ...(group.call === undefined
      ? []
      : [`len(list_filter(frames, f -> ${matches('f', `sys_${group.call}$`)})) > 0`]),
  ].join(' AND ')
  return {
    kind: 'difference',
    layer: 'kernel',
    stage: 'mechanism',
    subject: {
      node: group.node,
      function: best.name,
      ...(group.comm === undefined ? {} : { comm: group.comm }),
      ...(group.call === undefined ? {} : { call: group.call }),
    },
    statement:
      `${percent(best.share)} of the CPU samples of ${group.name} (${count(best.samples)} of ${count(sickWeight)}) are in ` +
      `${plain(best.name)}${lock}; on the reference ${reference}.`,
    effect: {
      value: best.share,
      unit: 'share',
      reference: best.before,
      ...(best.before > 0 ? { ratio: best.share / best.before } : {}),
    },
    comparison: best.comparison,
    big: true,
    sql: query(`
      SELECT CASE WHEN ${the.sick.captured} THEN 'sick' ELSE 'reference' END AS side,
        list_contains(frames, ${literal(frameIn(best.own, best.name))}) AS in_function, sum(weight) AS samples
      FROM stacks WHERE ${filter} AND (${the.sick.captured} OR ${the.healthy.captured})
      GROUP BY ALL ORDER BY side, samples DESC`),
    chart: {
      type: 'flame',
      title: `Where ${group.name} spends its time`,
      ...(group.comm === undefined ? {} : { comm: group.comm }),
    },
    about: [
      `function:${best.name}`,
      ...(group.call === undefined ? [] : [`call:${group.call}`]),
      ...(group.comm === undefined ? [] : [`comm:${group.comm}`]),
      ...(resource === undefined ? [] : [`resource:${resource.id}`]),
      ...(lock === '' ? [] : ['effect:lock']),
    ],
    weight: best.share + (group.involved ? 10 : 0),
    key: `function ${group.node} ${group.comm ?? ''} ${group.call ?? ''}`,
  }
}

const weightOf = (stacks: readonly Stack[], side: 'sick' | 'healthy'): number =>
  stacks.reduce((sum, stack) => sum + stack[side], 0)

/** First frame from the leaf that is not generic; the leaf itself when all are. */
export function meaningful(frames: readonly string[]): string {
  return functionName(frames.find((frame) => !isGeneric(frame)) ?? frames[0] ?? '')
}

const frameIn = (stacks: readonly Stack[], name: string): string =>
  stacks.flatMap(({ frames }) => frames).find((frame) => functionName(frame) === name) ?? name

const stackQuery = ({ sick, healthy }: Case): string => `
  SELECT node, comm, frames, max(kernel_frames) AS kernel_frames,
    coalesce(sum(weight) FILTER (${healthy.captured}), 0)::DOUBLE AS healthy,
    coalesce(sum(weight) FILTER (${sick.captured}), 0)::DOUBLE AS sick
  FROM stacks
  WHERE (${sick.captured} OR ${healthy.captured}) AND state = 'on-cpu' AND unit = 'samples' AND frames IS NOT NULL
    AND comm IS NOT NULL
  GROUP BY node, comm, frames ORDER BY sick DESC LIMIT ${MOST_STACKS}`
