/**
 * Every comparison that was made in a run, also those that showed nothing: confidence is corrected for all of them.
 *
 * Families are corrected apart, so that a look through two thousand series does not drown a question that was asked
 * beforehand (gatekeeping: Westfall and Krishen, Journal of Statistical Planning and Inference 99, 2001):
 *
 * - `stated`: hypotheses fixed before anything was looked at, the probes that the symptom is about and the sockets they
 *   knock at. Holm's correction among these few.
 * - `rules`: what must hold on any healthy host, checked on every thread, timer and listener. Benjamini-Hochberg.
 * - `searched`: all else, hundreds to thousands of series, calls, functions and slabs. Benjamini-Hochberg, because several
 *   true effects of one cause are the rule and Holm would give them up. When nothing at all is true, it too bounds the
 *   chance of any false statement.
 * - `agents`: who leads an activity, asked only of resources that the rest implicated. Benjamini-Hochberg.
 * - `posterior`: 1 minus a posterior probability, whose prior already says how likely it was; there is one such statement
 *   in a run, the rung that cured it, and nothing to correct.
 */
import { benjaminiHochberg, holm } from './stats/multiple.ts'

export type Family = 'stated' | 'rules' | 'searched' | 'agents' | 'posterior'

/** A comparison that was made. */
export interface Comparison {
  readonly family: Family
  /** Probability of what was seen, or more, if there were nothing to it. */
  readonly p: number
}

export interface Comparisons {
  readonly made: readonly Comparison[]
  /** Records a comparison. A p-value that is not a number counts as 1. */
  make(p: number, family?: Family): Comparison
  /** 1 minus the corrected p-value of each comparison. Call when all have been made. */
  confidences(): ReadonlyMap<Comparison, number>
}

export function createComparisons(): Comparisons {
  const made: Comparison[] = []
  return {
    made,
    make: (p, family = 'searched') => {
      const comparison = { family, p: Number.isNaN(p) ? 1 : Math.min(1, Math.max(0, p)) }
      made.push(comparison)
      return comparison
    },
    confidences: () => {
      const result = new Map<Comparison, number>()
      for (const [family, correct] of [
        ['stated', holm],
        ['rules', benjaminiHochberg],
        ['searched', benjaminiHochberg],
        ['agents', benjaminiHochberg],
        ['posterior', asTheyAre],
      ] as const) {
        const members = made.filter((comparison) => comparison.family === family)
        const corrected = correct(members.map(({ p }) => p))
        for (const [i, member] of members.entries()) result.set(member, 1 - (corrected[i] ?? 1))
      }
      return result
    },
  }
}

const asTheyAre = (ps: readonly number[]): number[] => [...ps]
