/** Performance of one run, or of several side by side. */
import { UserError } from '../../base/errors.ts'
import { holm } from '../../diagnosis/stats/multiple.ts'
import { mergeVerdicts, type Verdict } from '../../model/verdict.ts'
import { differencesBetweenRuns } from './between-runs.ts'
import { differences, type Difference, type Unjudged } from './difference.ts'
import { findLogs } from './logs.ts'
import { readSeries, type Series } from './series.ts'

/** A run, or a part of one, and the directory that its histogram logs are below. */
export interface PerformanceSource {
  readonly name: string
  readonly directory: string
}

export interface PerformedRun extends PerformanceSource {
  readonly series: readonly Series[]
}

/** `worse` and `better` are sure; `same` says that no difference was found, not that there is none. */
export type Judgement = 'better' | 'worse' | 'same' | 'unjudged'

/** One metric of one series, of a run, or of several together, against the baseline. */
export interface Compared {
  /** As `sideName` has it. */
  readonly run: string
  readonly series: string
  /** Its `p` is corrected for the number of comparisons (Holm). */
  readonly difference: Difference | Unjudged
  readonly judgement: Judgement
}

export interface Performance {
  readonly title: string
  readonly runs: readonly PerformedRun[]
  /** So many of the runs, from the first on, are the baseline. */
  readonly baseline: number
  readonly comparisons: readonly Compared[]
  /** Whether nothing became worse; `pass` for a single run. */
  readonly verdict: Verdict
  /** What could not be read or compared. */
  readonly notes: readonly string[]
}

export interface PerformanceOptions {
  /** Seconds left out at the beginning of each run. */
  readonly skip: number
  /** Share of the value of the baseline by which others may be worse. */
  readonly tolerance: number
  /** As in `Performance`: when it is more than 1, all other runs are the other side; otherwise each is one of its own. */
  readonly baseline: number
}

const SURE = 0.05

/** Reads all logs. Throws a UserError when a run has none. */
export async function loadPerformance(
  title: string,
  sources: readonly PerformanceSource[],
  { skip, tolerance, baseline }: PerformanceOptions,
): Promise<Performance> {
  const notes: string[] = []
  const runs: PerformedRun[] = []
  for (const source of sources) {
    const series = await readSeries(await findLogs(source.directory), skip, (why) => notes.push(why))
    if (series.length === 0) {
      const why = notes.length > 0 ? `: ${notes.join('; ')}` : ''
      throw new UserError(
        `${source.name} has no histogram log with an interval below ${source.directory}${why}`,
        {
          code: 'QUARRY_NO_HISTOGRAMS',
          remedy: 'let the workload write *.hdr files into the directory of its node',
        },
      )
    }
    runs.push({ ...source, series })
  }
  const sides = sidesOf(runs, baseline)
  const comparisons = compareSides(sides, tolerance, notes)
  if (baseline === 1 && runs.length > 1) notes.push(ONE_RUN_EACH)
  return { title, runs, baseline, comparisons, notes, verdict: verdictOf(sides, comparisons) }
}

const ONE_RUN_EACH =
  'How much runs of one system differ from each other cannot be known from one run of each: what differs here may differ between any two runs. Take several of each and say with --baseline how many are the first.'

/** Runs that are judged together. */
type Side = readonly PerformedRun[]

/** The baseline, and those that are compared with it. */
function sidesOf(runs: Side, baseline: number): readonly [Side, ...Side[]] {
  const others = runs.slice(baseline)
  return [runs.slice(0, baseline), ...(baseline > 1 ? [others] : others.map((run) => [run]))]
}

/** What a side is called: by its run, or by the first of several. */
export const sideName = (runs: readonly { readonly name: string }[]): string =>
  `${runs[0]?.name ?? ''}${runs.length > 1 ? ` and ${runs.length - 1} more` : ''}`

function compareSides(
  [first, ...others]: readonly [Side, ...Side[]],
  tolerance: number,
  notes: string[],
): Compared[] {
  const pairs = others.flatMap((side) => {
    const names = [...first, ...side].flatMap(({ series }) => series.map(({ name }) => name))
    return [...new Set(names)].flatMap((name) => {
      const lacking = [...first, ...side].filter(({ series }) => !series.some((one) => one.name === name))
      notes.push(...lacking.map((run) => `${run.name} has no ${name}`))
      if (lacking.length > 0) return []
      const [baseline, compared] = [seriesOf(first, name), seriesOf(side, name)]
      const found =
        first.length > 1 ? differencesBetweenRuns(baseline, compared) : differencesOfTwo(baseline, compared)
      return found.map((difference) => ({ run: sideName(side), series: name, difference }))
    })
  })
  const judged = pairs.flatMap(({ difference }) => ('p' in difference ? [difference.p] : []))
  const corrected = holm(judged).values()
  return pairs.map(({ difference, ...of }): Compared => {
    if (!('p' in difference)) return { ...of, difference, judgement: 'unjudged' }
    const p = corrected.next().value ?? 1
    return { ...of, difference: { ...difference, p }, judgement: judge({ ...difference, p }, tolerance) }
  })
}

const seriesOf = (runs: Side, name: string): Series[] =>
  runs.flatMap(({ series }) => series.filter((one) => one.name === name))

const differencesOfTwo = (
  [baseline]: readonly Series[],
  [other]: readonly Series[],
): (Difference | Unjudged)[] =>
  baseline === undefined || other === undefined ? [] : differences(baseline, other)

function judge({ metric, baseline, difference, p }: Difference, tolerance: number): Judgement {
  if (p >= SURE || Math.abs(difference) <= tolerance * baseline) return 'same'
  return difference > 0 === (metric.better === 'higher') ? 'better' : 'worse'
}

function verdictOf([, ...others]: readonly Side[], comparisons: readonly Compared[]): Verdict {
  if (others.length === 0) return 'pass'
  const judged = comparisons.filter(({ judgement }) => judgement !== 'unjudged')
  // A side whose differences could all not be judged is not known to be as good.
  const unknown = others.some((side) => !judged.some(({ run }) => run === sideName(side)))
  return mergeVerdicts([
    unknown ? 'unknown' : 'pass',
    judged.some(({ judgement }) => judgement === 'worse') ? 'fail' : 'pass',
  ])
}
