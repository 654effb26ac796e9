/**
 * Where the time goes: the function that took over the samples of the slow call, sick against healthy.
 *
 * A differential profile (Gregg, Differential Flame Graphs, 2014), narrowed to the stacks that pass through the slow
 * call. Time belongs to the first frame, leaf first, that means something: a lock, a copy or the scheduler is charged to
 * its caller, and named beside it. Shares of a call that got slower are compared per call, not per sample: a function
 * that was all of a short call and is all of a long one has gained.
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, matches, query } from '../case/sql.ts'
import type { Comparison } from '../comparisons.ts'
import { functionName, isLockWait } from '../../base/kernel-reports/functions.ts'
import { resourceOfFunction } from '../knowledge/resources.ts'
import { count, percent, plain } from '../statement/format.ts'
import { binomialTail } from '../stats/distributions.ts'
import { groupsOf, loadStacks, meaningful, weightOf, type Group, type Stack } from './stacks.ts'

/** A function of the group, and its part in it. */
interface Hot {
  readonly name: string
  readonly own: readonly Stack[]
  /** Samples in it and in its group, on the sick side. */
  readonly samples: number
  readonly all: number
  readonly share: number
  /** Its part in a healthy call, as a share of the time of a sick one. */
  readonly before: number
  readonly comparison: Comparison
}

/** Fewer samples than this say nothing about shares. */
const LEAST_SAMPLES = 5
const BIG_SHARE = 0.2
const BIG_GAIN = 0.1
/** A share below this is taken for granted of any function that the healthy side never showed. */
const PRIOR_SHARE = 0.05

/** The function that explains each slow call, and each busy target. */
export async function hotFunctions(the: Case, slow: readonly Candidate[]): Promise<Candidate[]> {
  const stacks = await loadStacks(the)
  return groupsOf(the, stacks, slow).flatMap((group) => {
    const best = hottest(the, group)
    return best === undefined ? [] : [candidateOf(the, group, best)]
  })
}

function hottest(the: Case, { stacks, slowdown }: Group): Hot | undefined {
  const all = weightOf(stacks, 'sick')
  const healthy = weightOf(stacks, 'healthy')
  if (all < LEAST_SAMPLES) return undefined
  const functions = [...Map.groupBy(stacks, ({ frames }) => meaningful(frames))].map(([name, own]): Hot => {
    const samples = weightOf(own, 'sick')
    // A call too fast to be sampled has no stacks on the healthy side: then none of its time is known.
    const before = healthy > 0 ? weightOf(own, 'healthy') / healthy / slowdown : 0
    const p = binomialTail(Math.round(samples), Math.round(all), Math.max(before, PRIOR_SHARE))
    return { name, own, samples, all, share: samples / all, before, comparison: the.comparisons.make(p) }
  })
  const best = functions.reduce((a, b) => (b.share - b.before > a.share - a.before ? b : a))
  return best.share < BIG_SHARE || best.share - best.before < BIG_GAIN ? undefined : best
}

function candidateOf(the: Case, group: Group, best: Hot): Candidate {
  const { name, node, comm, call, state, stacks } = group
  const leaf = functionName(best.own.toSorted((a, b) => b.sick - a.sick)[0]?.frames[0] ?? best.name)
  const lock = isLockWait(leaf) ? `, waiting for a lock (${plain(leaf)})` : ''
  const resource = resourceOfFunction(best.name)
  const healthy = weightOf(stacks, 'healthy')
  const reference =
    healthy === 0
      ? 'on the reference it is over too soon to be sampled'
      : `on the reference that would be ${percent(best.before)}`
  const filter = [
    `node = ${literal(node)} AND state = ${literal(state)}`,
    ...(stacks.some((stack) => stack.comm !== comm) ? [] : [`comm = ${literal(comm)}`]),
    ...(call === undefined ? [] : [`len(list_filter(frames, f -> ${matches('f', `sys_${call}$`)})) > 0`]),
  ].join(' AND ')
  const spent =
    state === 'on-cpu'
      ? `of the CPU samples of ${name} (${count(best.samples)} of ${count(best.all)}) are in`
      : `of the time that ${name} spends off the CPU passes in`
  return {
    kind: 'difference',
    layer: 'kernel',
    stage: 'mechanism',
    subject: { node, function: best.name, comm, ...(call === undefined ? {} : { call }) },
    statement: `${percent(best.share)} ${spent} ${plain(best.name)}${lock}; ${reference}.`,
    brief: `${percent(best.share)} of the time that ${call ?? name} spends ${state === 'on-cpu' ? 'on' : 'off'} the CPU is in ${plain(best.name)}${lock}`,
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
        list_contains(frames, ${literal(frameIn(best.own, best.name))}) AS in_function, sum(weight) AS weight, any_value(unit) AS unit
      FROM stacks WHERE ${filter} AND (${the.sick.captured} OR ${the.healthy.captured})
      GROUP BY ALL ORDER BY side, weight DESC`),
    chart: { type: 'flame', title: `Where ${name} spends its time`, comm },
    about: [
      `function:${best.name}`,
      `comm:${comm}`,
      ...(call === undefined ? [] : [`call:${call}`]),
      ...(resource === undefined ? [] : [`resource:${resource.id}`]),
      ...(lock === '' ? [] : ['effect:lock']),
    ],
    weight: best.share + (call === undefined ? 0 : 10),
    key: `function ${node} ${comm} ${call ?? ''}`,
  }
}

const frameIn = (stacks: readonly Stack[], name: string): string =>
  stacks.flatMap(({ frames }) => frames).find((frame) => functionName(frame) === name) ?? name
