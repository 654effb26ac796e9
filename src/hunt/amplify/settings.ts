/** The settings that are compared: all combinations of the factors' levels, and what the runs said of each. */
import type { Level, Point, Trial } from '../../model/hunt.ts'

export interface Setting {
  readonly point: Point
  /** Index of its level of each factor. */
  readonly levels: readonly number[]
}

/** More take too long to choose from, and nobody makes the runs that tell them apart. */
export const MOST_SETTINGS = 256

export function settingsOf(factors: Readonly<Record<string, readonly Level[]>>): readonly Setting[] {
  const count = Object.values(factors).reduce((product, levels) => product * levels.length, 1)
  if (count === 0 || count > MOST_SETTINGS)
    throw new Error(`the factors make ${count} settings; there may be 1 to ${MOST_SETTINGS}`)
  let settings: readonly Setting[] = [{ point: {}, levels: [] }]
  for (const [name, list] of Object.entries(factors)) {
    settings = settings.flatMap(({ point, levels }) =>
      list.map((level, at) => ({ point: { ...point, [name]: level }, levels: [...levels, at] })),
    )
  }
  return settings
}

/** What the runs of a setting said. */
export interface Tally {
  readonly shown: number
  /** Runs that could have shown it. */
  readonly runs: number
  /** Machine time of these, in seconds. */
  readonly seconds: number
  readonly running: number
  readonly broken: boolean
}

/** In the order of the settings; a run with other values belongs to none. */
export function talliesOf(
  settings: readonly Setting[],
  trials: readonly Trial[],
  setupSeconds: (point: Point) => number,
): readonly Tally[] {
  const names = Object.keys(settings[0]?.point ?? {})
  const keyOf = (point: Point): string => JSON.stringify(names.map((name) => point[name] ?? null))
  const byKey = new Map<string, Trial[]>()
  for (const trial of trials) {
    const key = keyOf(trial.point)
    byKey.set(key, [...(byKey.get(key) ?? []), trial])
  }
  return settings.map(({ point }) => {
    const here = byKey.get(keyOf(point)) ?? []
    const counted = here.filter(({ outcome }) => outcome === 'shown' || outcome === 'clean')
    const setup = setupSeconds(point)
    return {
      shown: counted.filter(({ outcome }) => outcome === 'shown').length,
      runs: counted.length,
      seconds: counted.reduce((sum, { seconds }) => sum + seconds + setup, 0),
      running: here.filter(({ outcome }) => outcome === 'running').length,
      // A build or a set-up that failed once, and never worked.
      broken: counted.length === 0 && here.some(({ outcome }) => outcome === 'broken'),
    }
  })
}
