/**
 * Trend: what grew or decayed before it began?
 *
 * Monotone growth by Mann-Kendall with Theil-Sen's slope, over the time before the onset; how it moves with the probe
 * that the symptom is about, by rank correlation; and how its growth ends.
 */
import type { Analyzer, Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { seriesName, within, type Series } from '../case/series.ts'
import { literal, query } from '../case/sql.ts'
import { processOf } from '../difference/metrics.ts'
import { isBookkeeping, layerOfMetric, unitOfMetric } from '../knowledge/metrics.ts'
import { resourceOfMetric, resourceOfSlab, type Resource } from '../knowledge/resources.ts'
import { amount, plain, times } from '../statement/format.ts'
import { median, spread } from '../stats/order.ts'
import { mannKendall, theilSen } from '../stats/trend.ts'
import { companions, type Companion } from './companions.ts'

const LEAST_SAMPLES = 10
const BIG_TAU = 0.6
const BIG_FACTOR = 1.5
/** Growth in units of the scatter about the line: a trend that noise of its own kind could have drawn is none. */
const BIG_RISE = 5

export const trend: Analyzer = {
  kind: 'trend',
  analyze: async (the) => {
    const onset = the.seconds(the.symptom === null ? the.to : the.sick.from)
    const probes = await companions(the)
    const candidates: Candidate[] = []
    for (const series of await the.series()) {
      if (isBookkeeping(series.metric) || series.metric.startsWith('probe_')) continue
      const values = within(series, 0, onset)
      if (values.length < LEAST_SAMPLES || isConstant(values)) continue
      const test = mannKendall(values)
      const comparison = the.comparisons.make(test.p)
      if (Math.abs(test.tau) < BIG_TAU) continue
      const found = growthOf(series, onset)
      if (found.factor < BIG_FACTOR || found.rise < BIG_RISE) continue
      candidates.push(candidateOf(the, series, found, test.tau, comparison, probes))
    }
    return candidates
  },
}

interface Growth {
  /** Level at the start and right before the onset. */
  readonly start: number
  readonly end: number
  /** Larger over smaller of both, at least 1. */
  readonly factor: number
  /** Per second. */
  readonly slope: number
  /** Difference of both levels over the scatter about the line. */
  readonly rise: number
}

/** Levels at both ends are medians of a tenth of the points, so that one odd sample does not decide. */
function growthOf(series: Series, onset: number): Growth {
  const length = series.times.filter((t) => t < onset).length
  const edge = Math.max(2, Math.floor(length / 10))
  const start = median(series.values.slice(0, edge))
  const end = median(series.values.slice(length - edge, length))
  const times = series.times.slice(0, length)
  const { slope, intercept } = theilSen(times, series.values.slice(0, length))
  const scatter = spread(times.map((t, i) => (series.values[i] ?? 0) - slope * t - intercept))
  const low = Math.min(Math.abs(start), Math.abs(end))
  const high = Math.max(Math.abs(start), Math.abs(end))
  const factor = start * end < 0 ? Number.POSITIVE_INFINITY : high / Math.max(low, 1e-9)
  return { start, end, factor, slope, rise: Math.abs(end - start) / Math.max(scatter, 1e-12) }
}

function candidateOf(
  the: Case,
  series: Series,
  { start, end, factor, slope }: Growth,
  tau: number,
  comparison: Candidate['comparison'],
  probes: readonly Companion[],
): Candidate {
  const unit = unitOfMetric(series.metric)
  const name = seriesName(series)
  const { resource, adjective } = resourceOf(series, name)
  const grows = Math.abs(end) > Math.abs(start)
  const companion = probes
    .map((probe) => ({ probe, ...probe.moves(series) }))
    .sort((a, b) => Math.abs(b.rho) - Math.abs(a.rho))[0]
  const follows =
    companion !== undefined && Math.abs(companion.rho) >= 0.6 && companion.p < 0.05
      ? ` It moves with the duration of probe ${companion.probe.name} (rank correlation ${companion.rho.toFixed(2)}).`
      : ''
  const where = `metric = ${literal(series.metric)} AND labels = ${literal(series.labelText)} AND node = ${literal(series.node)}`
  const value = series.counter
    ? '(value - lag(value) OVER (ORDER BY ts)) / ((ts - lag(ts) OVER (ORDER BY ts)) / 1e9)'
    : 'value'
  const sql = query(`SELECT ts, ${value} AS value FROM samples WHERE ${where} ORDER BY ts`)
  // A resource with a known producer can be explained further; a per-process figure is about that process alone.
  const known = resource === undefined ? 0 : 1
  return {
    kind: 'trend',
    layer: layerOfMetric(series.metric),
    stage: 'growth',
    subject: { node: series.node, metric: name, ...slabOf(series), ...processOf(series) },
    statement:
      `${plain(name)} ${grows ? 'grew' : 'fell'} from ${amount(start, unit)} to ${amount(end, unit)} before ` +
      `${the.symptom === null ? 'the end' : 'the symptom showed'}, ${grows ? times(factor) : `to ${times(1 / factor)}`} ` +
      `(${amount(slope, unit)} per second, tau ${tau.toFixed(2)}).${follows}`,
    effect: { value: end, unit, reference: start, ...(start !== 0 ? { ratio: end / start } : {}) },
    comparison,
    big: true,
    sql,
    chart: { type: 'lines', title: plain(name), unit, sql },
    about: [
      `metric:${series.metric}`,
      ...(resource === undefined ? [] : [`resource:${resource.id}`]),
      ...(adjective === undefined || resource === undefined ? [] : [`part:${resource.id}:${adjective}`]),
      grows ? 'effect:growth' : 'effect:decay',
      ...(follows === '' ? [] : ['effect:moves-with-symptom']),
    ],
    weight:
      2 * known +
      Math.min(6, Math.log10(factor)) * Math.abs(tau) +
      (follows === '' ? 0 : 1) +
      (adjective === undefined ? 0 : 0.5) +
      // The cache itself rather than what is derived from it.
      (series.labels['slab'] === undefined ? 0 : 0.5),
    // A cache and the metric that counts it say the same; a process' own figures are told apart by their names.
    key:
      resource === undefined || processOf(series).comm !== undefined
        ? `trend ${series.node} ${name}`
        : `trend ${series.node} ${resource.id} ${adjective ?? ''}`,
  }
}

const slabOf = (series: Series): { slab?: string } => {
  const slab = series.labels['slab']
  return slab === undefined ? {} : { slab }
}

function resourceOf(series: Series, name: string): { resource?: Resource; adjective?: string } {
  const slab = series.labels['slab']
  const ofSlab = slab === undefined ? undefined : resourceOfSlab(slab)
  if (slab !== undefined) return ofSlab === undefined ? {} : { resource: ofSlab }
  const found = resourceOfMetric(name)
  if (found === undefined) return {}
  return {
    resource: found.resource,
    ...(found.part === undefined ? {} : { adjective: found.part.adjective }),
  }
}

const isConstant = (values: readonly number[]): boolean => values.every((value) => value === values[0])
