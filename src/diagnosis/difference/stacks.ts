/** Stacks of both sides, in groups that belong together: those of a slow call, or of a process that is involved. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isInvolved, isObserver } from '../case/involved.ts'
import { entryOf, functionName, isGeneric, isIdle } from '../../base/kernel-reports/functions.ts'
import { plain } from '../statement/format.ts'

export interface Stack {
  readonly node: string
  readonly comm: string
  readonly state: 'on-cpu' | 'off-cpu'
  readonly frames: readonly string[]
  /** Samples on either side; time off the CPU counts as many as a 100 Hz profiler would have taken. */
  readonly healthy: number
  readonly sick: number
}

/** Stacks that belong together, and how people call them. */
export interface Group {
  readonly name: string
  readonly node: string
  readonly comm: string
  readonly state: Stack['state']
  /** The slow call that all of them pass through. */
  readonly call?: string
  /** How many times as long the call takes as on the healthy side; 1 without a call. */
  readonly slowdown: number
  readonly stacks: readonly Stack[]
}

const MOST_STACKS = 50_000

/** All stacks but those of the idle loop and of the observer. */
export async function loadStacks({ evidence, sick, healthy }: Case): Promise<Stack[]> {
  const samples = `CASE WHEN unit = 'ns' THEN weight / 1e7 ELSE weight END`
  const stacks = await evidence.rows<Stack>(`
    SELECT node, comm, state, frames,
      coalesce(sum(${samples}) FILTER (${healthy.captured}), 0)::DOUBLE AS healthy,
      coalesce(sum(${samples}) FILTER (${sick.captured}), 0)::DOUBLE AS sick
    FROM stacks
    WHERE (${sick.captured} OR ${healthy.captured}) AND comm IS NOT NULL AND len(frames) > 0
      AND ((state = 'on-cpu' AND unit = 'samples') OR (state = 'off-cpu' AND unit = 'ns' AND event <> 'preempted'))
    GROUP BY node, comm, state, frames ORDER BY sick DESC LIMIT ${MOST_STACKS}`)
  return stacks.filter(({ comm, frames }) => !isObserver(comm) && !frames.some(isIdle))
}

/** Groups of each slow call, on or off the CPU, whichever took more; then of involved processes that have none. */
export function groupsOf(the: Case, stacks: readonly Stack[], slow: readonly Candidate[]): Group[] {
  const groups: Group[] = []
  for (const { subject, effect } of slow.filter(({ big }) => big)) {
    const { call, comm, node } = subject
    if (call === undefined || comm === undefined || node === undefined) continue
    if (groups.some((group) => group.call === call && group.comm === comm && group.node === node)) continue
    const entry = entryOf(call)
    const inCall = stacks.filter(
      (stack) => stack.node === node && stack.frames.some((frame) => entry.test(functionName(frame))),
    )
    const own = inCall.filter((stack) => stack.comm === comm)
    // Too short-lived to be sampled under its own name: whoever is in that call stands for it.
    const chosen = weightOf(own, 'sick') > 0 ? own : inCall
    const state = heavier(chosen)
    const named = { name: `${call} by ${plain(comm)}`, node, comm, call, state, slowdown: effect.ratio ?? 1 }
    groups.push({ ...named, stacks: chosen.filter((stack) => stack.state === state) })
  }
  const onCpu = stacks.filter(({ state }) => state === 'on-cpu')
  for (const own of Map.groupBy(onCpu, ({ node, comm }) => `${node}\0${comm}`).values()) {
    const [{ node, comm }] = own as [Stack]
    if (!isInvolved(the, comm) || groups.some((group) => group.comm === comm && group.node === node)) continue
    groups.push({ name: plain(comm), node, comm, state: 'on-cpu', slowdown: 1, stacks: own })
  }
  return groups
}

function heavier(stacks: readonly Stack[]): Stack['state'] {
  const of = (state: Stack['state']): number =>
    weightOf(
      stacks.filter((stack) => stack.state === state),
      'sick',
    )
  return of('off-cpu') > of('on-cpu') ? 'off-cpu' : 'on-cpu'
}

/** Samples of one side. */
export const weightOf = (stacks: readonly Stack[], side: 'sick' | 'healthy'): number =>
  stacks.reduce((sum, stack) => sum + stack[side], 0)

/** First frame from the leaf that is not generic; the leaf itself when all are. */
export function meaningful(frames: readonly string[]): string {
  return functionName(frames.find((frame) => !isGeneric(frame)) ?? frames[0] ?? '')
}
