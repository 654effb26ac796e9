/** Performance of one run, or of several side by side. */
import { UserError } from '../../base/errors.ts'
import { holm } from '../../diagnosis/stats/multiple.ts'
import { mergeVerdicts, type Verdict } from '../../model/verdict.ts'
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

/** One metric of one series, of a run against the first. */
export interface Compared {
  readonly run: string
  readonly series: string
  /** Its `p` is corrected for the number of comparisons (Holm). */
  readonly difference: Difference | Unjudged
  readonly judgement: Judgement
}

export interface Performance {
  readonly title: string
  readonly runs: readonly PerformedRun[]
  readonly comparisons: readonly Compared[]
  /** Whether nothing became worse; `pass` for a single run. */
  readonly verdict: Verdict
  /** What could not be read or compared. */
  readonly notes: readonly string[]
}

export interface PerformanceOptions {
  /** Seconds left out at the beginning of each run. */
  readonly skip: number
  /** Share of the first run's value by which others may be worse. */
  readonly tolerance: number
}

const SURE = 0.05

/** Reads all logs. Throws a UserError when a run has none. */
export async function loadPerformance(
  title: string,
  sources: readonly PerformanceSource[],
  { skip, tolerance }: PerformanceOptions,
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
  const comparisons = compareRuns(runs, tolerance, notes)
  return { title, runs, comparisons, notes, verdict: verdictOf(runs, comparisons) }
}

function compareRuns(
  [first, ...others]: readonly PerformedRun[],
  tolerance: number,
  notes: string[],
): Compared[] {
  const pairs = others.flatMap(({ name: run, series }) => {
    const missing = first?.series.filter(({ name }) => !series.some((one) => one.name === name)) ?? []
    notes.push(...missing.map(({ name }) => `${run} has no ${name}`))
    return series.flatMap((one) => {
      const baseline = first?.series.find(({ name }) => name === one.name)
      if (baseline === undefined) notes.push(`${first?.name} has no ${one.name}`)
      return baseline === undefined
        ? []
        : differences(baseline, one).map((difference) => ({ run, series: one.name, difference }))
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

function judge({ metric, baseline, difference, p }: Difference, tolerance: number): Judgement {
  if (p >= SURE || Math.abs(difference) <= tolerance * baseline) return 'same'
  return difference > 0 === (metric.better === 'higher') ? 'better' : 'worse'
}

function verdictOf(runs: readonly PerformedRun[], comparisons: readonly Compared[]): Verdict {
  if (runs.length < 2) return 'pass'
  const judged = comparisons.filter(({ judgement }) => judgement !== 'unjudged')
  // A run whose differences could all not be judged is not known to be as good.
  const unknown = runs.slice(1).some(({ name }) => !judged.some(({ run }) => run === name))
  return mergeVerdicts([
    unknown ? 'unknown' : 'pass',
    judged.some(({ judgement }) => judgement === 'worse') ? 'fail' : 'pass',
  ])
}
