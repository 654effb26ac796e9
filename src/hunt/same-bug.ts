/**
 * Which failures of a hunt are the one that is hunted. Each is put into a group by its evidence when its run ends, and
 * stays there. The group with most failures is hunted, unless another fits what is asked so much better that it outweighs
 * the odds that it comes less often; a failure of another group says nothing of it.
 */
import { resolve } from 'node:path'
import type { Trial, TrialRecord } from '../model/hunt.ts'
import type { Signature } from './signature/feature.ts'
import type { Planner } from './planner.ts'
import { groupFailures } from './signature/group.ts'
import { signatureOf } from './signature/signature.ts'
import { betaCdf } from './stats/beta.ts'

export interface Bugs {
  /** The group of a failed trial, among all that have ended so far. */
  groupOf(trial: TrialRecord, trials: readonly TrialRecord[]): Promise<string | undefined>
}

/** Reads each run once. */
export function createBugs(): Bugs {
  const read = new Map<string, Promise<Signature>>()
  const signature = (run: string): Promise<Signature> => {
    const known = read.get(run) ?? signatureOf(run)
    read.set(run, known)
    return known
  }
  return {
    groupOf: async (trial, trials) => {
      if (trial.run === undefined) return undefined
      const ended = trials.filter(
        ({ number, run, outcome }) =>
          run !== undefined && number !== trial.number && (outcome === 'shown' || outcome === 'clean'),
      )
      const own = await signature(resolve(trial.run))
      const others = await Promise.all(ended.map(({ run }) => signature(resolve(run ?? ''))))
      const known = new Map(
        ended.flatMap(({ signature: group }, index) => {
          const run = others[index]?.run
          return group === undefined || run === undefined ? [] : [[run, group] as const]
        }),
      )
      const { failures } = groupFailures([...others, own], { known })
      return failures.find(({ run }) => run === own.run)?.group
    },
  }
}

/** Groups and how many failures each has: that which is hunted, then most first; of as many, the one that was seen first. */
export function bugsOf(trials: readonly Trial[], planner: Planner): [bug: string, count: number][] {
  const groups = Map.groupBy(
    trials.filter(({ outcome, signature }) => outcome === 'shown' && signature !== undefined),
    ({ signature }) => signature ?? '',
  )
  const bugs = [...groups]
    .map(([bug, { length }]): [string, number] => [bug, length])
    .toSorted((a, b) => b[1] - a[1])
  const [first] = bugs
  if (first === undefined || bugs.length < 2 || planner.fit === undefined) return bugs
  const fits = bugs.map(([bug]) => planner.fit?.(ofBug(trials, bug)) ?? 1)
  // By how much each fits better than the first, times the odds that it comes more often.
  const gains = bugs.map(([, count], index) => {
    if (index === 0) return 1
    const rarer = betaCdf(0.5, count + 1, first[1] + 1)
    return ((fits[index] ?? 1) / (fits[0] ?? 1)) * ((1 - rarer) / rarer)
  })
  const hunted = bugs[gains.indexOf(Math.max(...gains))] ?? first
  return [hunted, ...bugs.filter((bug) => bug !== hunted)]
}

/**
 * The trials as they bear on the bug that is hunted: failures of another one say nothing.
 * @param bugs of the trials, that which is hunted first
 */
export function ofHuntedBug<T extends Trial>(
  trials: readonly T[],
  [hunted, ...others]: ReturnType<typeof bugsOf>,
): readonly T[] {
  return hunted === undefined || others.length === 0 ? trials : ofBug(trials, hunted[0])
}

const ofBug = <T extends Trial>(trials: readonly T[], bug: string): readonly T[] =>
  trials.map((trial) =>
    trial.outcome === 'shown' && trial.signature !== undefined && trial.signature !== bug
      ? { ...trial, outcome: 'void' as const, note: `another bug: ${trial.signature}` }
      : trial,
  )

/** The trials as they bear on the bug that a planner hunts. */
export const asHunted = <T extends Trial>(trials: readonly T[], planner: Planner): readonly T[] =>
  ofHuntedBug(trials, bugsOf(trials, planner))
