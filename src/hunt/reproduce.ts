/** Find one occurrence. */
import type { Planner } from './planner.ts'
import { again, ratesPicture, runsText, tally } from './tally.ts'

export function reproducePlanner({ confidence }: { readonly confidence: number }): Planner {
  return {
    next: (trials, count) =>
      tally(trials).shown > 0
        ? []
        : again(
            count,
            trials.length === 0 ? 'the first look' : `it did not show in ${runsText(tally(trials).runs)}`,
          ),
    matters: (trials) => tally(trials).shown === 0,
    answer: (trials) => {
      const count = tally(trials)
      const found = trials.find(({ outcome }) => outcome === 'shown')
      const picture = ratesPicture([{ label: 'all runs', of: trials }], confidence)
      const high = picture.type === 'rates' ? (picture.rates[0]?.high ?? 1) : 1
      return {
        done: found !== undefined,
        sure: found !== undefined,
        result: found === undefined ? null : found.number,
        probability: found === undefined ? 0 : 1,
        sentence:
          found === undefined
            ? `It did not show in ${runsText(count.runs)}: it comes in fewer than ${(high * 100).toFixed(0)} % of runs.`
            : `Run ${found.number} shows it, after ${found.seconds.toFixed(0)} s.`,
        // The median of the wait that is left if the rate has a Beta(1/2, 1/2 + clean) posterior grows with what was waited.
        runsToGo: found === undefined ? Math.max(1, 2 * count.runs) : 0,
        picture,
      }
    },
  }
}
