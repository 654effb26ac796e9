/** When in a run the behaviour came, as curves to be drawn. */
import { pointText, type SurvivalCurve, type Trial } from '../model/hunt.ts'
import { watched } from './exposure.ts'
import { kaplanMeier, weibull } from './stats/hazard.ts'

/** Failures before their times are drawn. */
const FEWEST = 3
/** Points that are told apart; of more, all runs make one curve. */
const MOST_CURVES = 4

/** A curve of each point, or one of all; none of those that too few runs showed the behaviour in. */
export function survivalCurves(trials: readonly Trial[]): SurvivalCurve[] {
  const points = Map.groupBy(trials, ({ point }) => pointText(point))
  const groups: readonly (readonly [string, readonly Trial[]])[] =
    points.size <= MOST_CURVES ? [...points] : [['', trials]]
  return groups.flatMap(([label, members]) => {
    const runs = watched(members)
    if (runs.filter(({ shown }) => shown).length < FEWEST) return []
    const { shape, contradicted } = weibull(runs)
    return {
      label: label || 'all runs',
      longest: Math.max(...runs.map(({ seconds }) => seconds)),
      steps: kaplanMeier(runs),
      ended: [...new Set(runs.filter(({ shown }) => !shown).map(({ seconds }) => seconds))],
      ...(contradicted ? { shape } : {}),
    }
  })
}
