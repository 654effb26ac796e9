/**
 * Whether several runs of one system differ from several of another, and by how much.
 *
 * A run has a level of its own: where its memory lies, what was compiled when, which machine it got. More of the same run
 * says nothing of that. So the run is the unit, however long it was: one value of each, and how these scatter tells how
 * sure their mean is (Kalibera and Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013, the highest level of their
 * hierarchy; what varies within runs is in the values as they scatter).
 */
import { mean } from '../../diagnosis/stats/order.ts'
import { MAXIMUM, tooFew, welch, type Difference, type Estimate, type Unjudged } from './difference.ts'
import { metrics, type Metric } from './metrics.ts'
import type { Series } from './series.ts'

/** On each side; with fewer nothing is known of how runs scatter. */
export const LEAST_RUNS = 2

/** Every metric of one series of several runs, `baseline` and `others`, in the order of `metrics`. */
export const differencesBetweenRuns = (
  baseline: readonly Series[],
  others: readonly Series[],
): (Difference | Unjudged)[] => metrics.map((metric) => compare(metric, baseline, others))

function compare(
  metric: Metric,
  baseline: readonly Series[],
  others: readonly Series[],
): Difference | Unjudged {
  const sides = [estimate(metric, baseline), estimate(metric, others)] as const
  const [first, second] = sides
  const unjudged = (why: string): Unjudged => ({
    metric,
    baseline: first?.value,
    value: second?.value,
    why,
  })
  if (metric.beyond === 0) return unjudged(MAXIMUM)
  if (first === undefined || second === undefined) return unjudged('there is a run without an operation')
  const fewest = Math.min(baseline.length, others.length)
  if (fewest < LEAST_RUNS)
    return unjudged(`too few runs: ${fewest}, and ${LEAST_RUNS} are needed on each side`)
  const few = tooFew(
    metric,
    [...baseline, ...others].map(({ whole }) => whole),
    'a run',
  )
  return few === undefined ? welch(metric, first, second) : unjudged(few)
}

function estimate(metric: Metric, runs: readonly Series[]): Estimate | undefined {
  const values = runs.map(({ whole }) => metric.of(whole)).filter((value) => value !== undefined)
  const [first] = runs
  if (first === undefined || values.length < runs.length) return undefined
  return { value: mean(values), parts: values, histogram: first.whole.histogram }
}
