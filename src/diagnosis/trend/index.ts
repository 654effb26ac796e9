/**
 * Trend: what grew or decayed before it began, and went on?
 *
 * Monotone growth by Mann-Kendall with Theil-Sen's slope; how it moves with the probe that the symptom is about, by rank
 * correlation. Two stretches are tried, since growth may begin late: all the time before the onset, and from half way to
 * the onset until the symptom ended or something was changed.
 */
import type { Analyzer } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isObserver } from '../case/involved.ts'
import { within, type Series } from '../case/series.ts'
import { isBookkeeping } from '../knowledge/metrics.ts'
import { mannKendall, theilSen } from '../stats/trend.ts'
import { median, spread } from '../stats/order.ts'
import { companions } from './companions.ts'
import { decays } from './decay.ts'
import { trendCandidate } from './statement.ts'

const LEAST_SAMPLES = 10
const BIG_TAU = 0.6
const BIG_FACTOR = 1.5
/** Growth in units of the scatter about the line: a trend that noise of its own kind could have drawn is none. */
const BIG_RISE = 5

/** What a process takes while it starts is no trend, seconds. */
const START_UP = 15

/** A stretch of time, seconds since the workload began. */
interface Stretch {
  readonly from: number
  readonly to: number
}

/** How a series moved over a stretch. */
export interface Growth extends Stretch {
  /** Level at both ends. */
  readonly start: number
  readonly end: number
  /** Larger over smaller of both, at least 1. */
  readonly factor: number
  /** Per second. */
  readonly slope: number
  /** Kendall's tau. */
  readonly tau: number
}

export const trend: Analyzer = {
  kind: 'trend',
  analyze: async (the, found) => {
    const probes = await companions(the)
    const stretches = stretchesOf(the)
    const candidates = await decays(the, found)
    for (const series of await the.series()) {
      if (isBookkeeping(series.metric) || series.metric.startsWith('probe_')) continue
      if (isObserver(series.labels['comm'] ?? '')) continue
      const tried = stretches.flatMap((stretch) => tryStretch(series, stretch))
      if (tried.length === 0) continue
      // Bonferroni over the stretches: the better of them was chosen.
      const comparison = the.comparisons.make(Math.min(...tried.map(({ p }) => p)) * tried.length)
      const [best] = tried
        .flatMap(({ growth }) => (growth === undefined ? [] : [growth]))
        .toSorted((a, b) => b.factor - a.factor)
      if (best !== undefined) candidates.push(trendCandidate(the, series, best, comparison, probes))
    }
    return candidates
  },
}

function stretchesOf(the: Case): Stretch[] {
  if (the.symptom === null) return [{ from: 0, to: the.seconds(the.to) }]
  const onset = the.seconds(the.first.from)
  const changes = the.sick.captures.flatMap(({ rungs }) => rungs.filter(({ tier }) => tier === 'change'))
  const changed = changes.map(({ from }) => the.seconds(BigInt(from)))
  return [
    { from: 0, to: onset },
    { from: onset / 2, to: Math.min(the.seconds(the.first.to), ...changed) },
  ]
}

/** Nothing for too few points; growth only when it stands out. */
function tryStretch(series: Series, { from: begin, to }: Stretch): { p: number; growth?: Growth }[] {
  const [born = 0] = series.times
  const startedUp = series.labels['pid'] === undefined || born < START_UP ? 0 : born + START_UP
  const from = Math.max(begin, startedUp)
  const values = within(series, from, to)
  if (values.length < LEAST_SAMPLES || values.every((value) => value === values[0])) return []
  // The correction for autocorrelation is dear: what is no trend anyway counts as a comparison that showed nothing.
  if (Math.abs(mannKendall(values, false).tau) < BIG_TAU) return [{ p: 1 }]
  const { p, tau } = mannKendall(values)
  const times = series.times.filter((t) => t >= from && t < to)
  // Levels at both ends are medians of a tenth of the points, so that one odd sample does not decide.
  const edge = Math.max(2, Math.floor(values.length / 10))
  const start = median(values.slice(0, edge))
  const end = median(values.slice(-edge))
  const { slope, intercept } = theilSen(times, values)
  const scatter = spread(values.map((value, i) => value - slope * (times[i] ?? 0) - intercept))
  const [low = 0, high = 0] = [Math.abs(start), Math.abs(end)].toSorted((a, b) => a - b)
  const factor = start * end < 0 || low === 0 ? Number.POSITIVE_INFINITY : high / low
  if (factor < BIG_FACTOR || Math.abs(end - start) < BIG_RISE * scatter) return [{ p }]
  return [{ p, growth: { from, to, start, end, factor, slope, tau } }]
}
