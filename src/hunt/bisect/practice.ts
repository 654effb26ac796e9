/**
 * What runs have taken so far, and so what the next one of each version will: a run that shows the behaviour may end
 * early, and the first of a version builds it.
 */
import type { Trial } from '../../model/hunt.ts'
import type { Cost } from './choose.ts'

/** A version that could not be run so often, and never could, is left alone: it may be the machine, once or twice. */
const BROKEN = 3
/** How much dearer a version is thought that could not be run at the last try: its neighbours tell nearly as much. */
const BROKEN_COST = 4
/** The least part of a usual run that one is thought to cost. */
const LEAST = 0.05

export interface Practice {
  /** Whether a version can be run, as far as is known. */
  readonly allowed: (version: number) => boolean
  readonly cost: Cost
}

/** @param versionOf index of the version of a trial */
export function practice(trials: readonly Trial[], versionOf: (trial: Trial) => number): Practice {
  const broken = new Map<number, number>()
  const tried = new Set<number>()
  const lists: Record<'shown' | 'clean' | 'first' | 'again', number[]> = {
    shown: [],
    clean: [],
    first: [],
    again: [],
  }
  for (const trial of trials) {
    const { outcome, cut, seconds, beside } = trial
    const version = versionOf(trial)
    if (outcome === 'broken') broken.set(version, (broken.get(version) ?? 0) + 1)
    if (outcome === 'running') tried.add(version)
    if (outcome !== 'shown' && outcome !== 'clean') continue
    broken.set(version, Number.NEGATIVE_INFINITY)
    if (beside !== undefined) lists[tried.has(version) ? 'again' : 'first'].push(beside)
    tried.add(version)
    if (cut === undefined) lists[outcome].push(seconds)
  }
  const [shown, clean] = [mean(lists.shown), mean(lists.clean)]
  // While one of the two was not seen, a run is thought to last as long either way.
  const whenClean = clean ?? shown ?? 0
  const whenShown = shown === undefined || clean === undefined ? whenClean : shown
  // Medians: where several runs wait for one build, or a machine is slow once, the mean is not what is usual.
  const first = median(lists.first) ?? 0
  const again = Math.min(first, median(lists.again) ?? 0)
  const usual = whenClean + again
  return {
    allowed: (version) => (broken.get(version) ?? 0) < BROKEN,
    cost: (version, shows, bits) => {
      const run = shows * whenShown + (1 - shows) * whenClean + again
      // A version that was built is run again until it has told about a bit: so many runs share the build.
      const build = tried.has(version) ? 0 : (first - again) * Math.min(1, Math.max(0, bits))
      const times = (broken.get(version) ?? 0) > 0 ? BROKEN_COST : 1
      return times * (usual <= 0 ? 1 : Math.max(LEAST, (run + build) / usual))
    },
  }
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length

const median = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
