/** From the `hunt` section to the planner that answers it. */
import { UserError } from '../base/errors.ts'
import type { Level, Point } from '../model/hunt.ts'
import type { RunRecord } from '../model/run.ts'
import type { HuntSection } from '../plugin/hunt-section.ts'
import { amplifyPlanner } from './amplify/index.ts'
import { bisectPlanner, graph, line } from './bisect/index.ts'
import { comparePlanner } from './compare.ts'
import type { HuntRecord } from './hunt-directory.ts'
import { hourlyRatePlanner, hourlyVerifyPlanner } from './hours.ts'
import type { Planner } from './planner.ts'
import { ratePlanner } from './rate.ts'
import { reproducePlanner } from './reproduce.ts'
import { screenPlanner } from './screen/index.ts'
import { verifyPlanner } from './verify.ts'

/** The versions of a bisection that are said in the definition itself. */
export function versionsOf({ values, from, to }: HuntSection): readonly Level[] {
  if (values !== undefined) return values
  if (from === undefined || to === undefined) return []
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** The parameter that tells a run of a bisection its version. */
export const versionFactor = ({ over, git }: Pick<HuntSection, 'over' | 'git'>): string =>
  over ?? (git === undefined ? 'kernel' : 'commit')

export function plannerOf({
  section,
  versions,
  start,
}: Pick<HuntRecord, 'section' | 'versions' | 'start'>): Planner {
  const { ask, confidence, width, between, before, factors, quantity, smallest } = section
  switch (ask) {
    case 'reproduce':
      return reproducePlanner({ confidence })
    case 'rate':
      if (section.by === 'time') return hourlyRatePlanner({ confidence, width })
      return ratePlanner({ confidence, width, between: between ?? null })
    case 'verify': {
      const { shown = 0, runs = 0, time } = before ?? {}
      return section.by === 'time' && time !== undefined
        ? hourlyVerifyPlanner({ confidence, before: { shown, runs, seconds: time / 1000 } })
        : verifyPlanner({ confidence, before: { shown, runs } })
    }
    case 'bisect': {
      const all = versions?.labels ?? versionsOf(section)
      const order = versions === undefined ? line(all.map(String)) : graph(versions.labels, versions.parents)
      return bisectPlanner({ over: versionFactor(section), versions: all, order, confidence, before })
    }
    case 'compare': {
      const [factor = ''] = Object.keys(factors ?? {})
      const [first, second] = factors?.[factor] ?? []
      if (first === undefined || second === undefined) throw new Error('a comparison has two values')
      return comparePlanner({
        confidence,
        factor,
        levels: [first, second],
        quantity: quantity ?? null,
        smallest,
      })
    }
    case 'screen':
      return screenPlanner({ factors: factors ?? {}, confidence, ...(start && { start }) })
    case 'amplify':
      return amplifyPlanner({ factors: factors ?? {}, confidence })
  }
}

/** A point with which the definition can be checked before any run is planned. */
export function samplePoint({ section, versions }: Pick<HuntRecord, 'section' | 'versions'>): Point {
  const { ask, factors } = section
  if (ask === 'bisect')
    return { [versionFactor(section)]: versions?.labels[0] ?? versionsOf(section)[0] ?? '' }
  if (ask !== 'compare' && ask !== 'screen' && ask !== 'amplify') return {}
  return Object.fromEntries(Object.entries(factors ?? {}).map(([factor, [level]]) => [factor, level ?? '']))
}

/** The level that a parameter has, whether its value was typed or read from the definition. */
const levelOf = (levels: readonly Level[], value: unknown): Level | undefined =>
  levels.find((level) => level === value || String(level) === value)

/**
 * The point that is the definition as it stands; undefined where a factor has a value that the hunt does not ask about. One
 * with a single level has it in every run.
 * @param values of the factors in the definition
 */
export function startOf(
  factors: HuntSection['factors'],
  values: Readonly<Record<string, unknown>>,
): Point | undefined {
  const point: Record<string, Level> = {}
  for (const [factor, levels] of Object.entries(factors ?? {})) {
    const level = levels.length === 1 ? levels[0] : levelOf(levels, values[factor])
    if (level === undefined) return undefined
    point[factor] = level
  }
  return point
}

/**
 * The point of a hunt at which a run was made, from its parameters. A UserError when a factor has a value that the hunt
 * does not ask about.
 */
export function pointOf({ section, versions }: HuntRecord, run: RunRecord): Point {
  const { ask, factors = {} } = section
  const asked: Readonly<Record<string, readonly Level[]>> =
    ask === 'bisect'
      ? { [versionFactor(section)]: versions?.labels ?? versionsOf(section) }
      : ask === 'compare' || ask === 'screen' || ask === 'amplify'
        ? factors
        : {}
  return Object.fromEntries(
    Object.entries(asked).map(([factor, levels]) => {
      const value = run.parameters[factor]
      const level = levelOf(levels, value)
      if (level !== undefined) return [factor, level]
      const has = value === undefined ? `no ${factor}` : `${factor}=${JSON.stringify(value)}`
      throw new UserError(`${run.id} has ${has}, which the hunt does not ask about`, {
        remedy: 'see what it would make next: quarry hunt DIRECTORY --plan 1',
      })
    }),
  )
}
