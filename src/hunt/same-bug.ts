/**
 * Which failures of a hunt are the one that is hunted. Each is put into a group by its evidence when its run ends, and
 * stays there; the group with most failures is hunted, and a failure of another one says nothing of it.
 */
import { resolve } from 'node:path'
import type { Trial, TrialRecord } from '../model/hunt.ts'
import type { Signature } from './signature/feature.ts'
import { groupFailures } from './signature/group.ts'
import { signatureOf } from './signature/signature.ts'

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

/** Number of failures of each group, most first; of as many, the one that was seen first. */
export function bugsOf(trials: readonly Trial[]): [bug: string, count: number][] {
  const groups = Map.groupBy(
    trials.filter(({ outcome, signature }) => outcome === 'shown' && signature !== undefined),
    ({ signature }) => signature ?? '',
  )
  return [...groups]
    .map(([bug, { length }]): [string, number] => [bug, length])
    .toSorted((a, b) => b[1] - a[1])
}

/** The trials as they bear on the bug that is hunted: failures of another one say nothing. */
export function ofHuntedBug<T extends Trial>(trials: readonly T[]): readonly T[] {
  const [[hunted] = [undefined], ...others] = bugsOf(trials)
  if (others.length === 0) return trials
  return trials.map((trial) =>
    trial.outcome === 'shown' && trial.signature !== undefined && trial.signature !== hunted
      ? { ...trial, outcome: 'void' as const, note: `another bug: ${trial.signature}` }
      : trial,
  )
}
