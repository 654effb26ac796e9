/** What the questions about rates count. */
import type { Picture, Trial } from '../model/hunt.ts'
import { confidenceSequence } from './stats/confidence-sequence.ts'
import type { Count } from './stats/two-rates.ts'

/** Whether a trial counts as a run: one that was stopped before it had shown anything does not. */
export const telling = ({ outcome, cut }: Trial): boolean =>
  outcome === 'shown' || (outcome === 'clean' && cut === undefined)

export function tally(trials: readonly Trial[]): Count {
  return {
    shown: trials.filter(({ outcome }) => outcome === 'shown').length,
    runs: trials.filter(telling).length,
  }
}

/** Points of a course, at most. */
const COURSE = 200

/** Each group of runs, with intervals that are good at any time. A count is of runs that were made before. */
export function ratesPicture(
  groups: readonly { readonly label: string; readonly of: readonly Trial[] | Count }[],
  confidence: number,
): Picture {
  const known = (count: Count) => ({ ...count, ...confidenceSequence(count.shown, count.runs, confidence) })
  return {
    type: 'rates',
    rates: groups.map(({ label, of }) => {
      if ('shown' in of) return { label, ...known(of), course: [] }
      const told = of.filter(telling)
      const step = Math.ceil(told.length / COURSE)
      const course = told.flatMap((_, index) =>
        (index + 1) % step === 0 ? [known(tally(told.slice(0, index + 1)))] : [],
      )
      return { label, ...known(tally(of)), course }
    }),
  }
}

export const percent = (rate: number): string => {
  const value = rate * 100
  return `${value === 0 || value >= 10 ? value.toFixed(0) : value.toPrecision(value < 1 ? 1 : 2)} %`
}

export const runsText = (count: number): string => (count === 1 ? '1 run' : `${count} runs`)

/** As many proposals as are asked for, all of the same kind. */
export const again = (
  count: number,
  why: string,
  point: Trial['point'] = {},
): { point: Trial['point']; why: string }[] => Array.from({ length: count }, () => ({ point, why }))
