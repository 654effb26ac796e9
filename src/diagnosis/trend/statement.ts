/** A trend as a candidate: what it says, and whether it can have to do with the symptom. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isInvolved, isRelevant } from '../case/involved.ts'
import { seriesName, type Series } from '../case/series.ts'
import { literal, query } from '../case/sql.ts'
import { processOf } from '../difference/metrics.ts'
import { isMoreBetter, layerOfMetric, unitOfMetric } from '../knowledge/metrics.ts'
import { resourceOfMetric, resourceOfSlab, type Resource } from '../knowledge/resources.ts'
import { amount, capital, duration, metricInWords, plain, times } from '../statement/format.ts'
import type { Companion } from './companions.ts'
import type { Growth } from './index.ts'

/** Fewer objects than this are no growth of a cache that a host notices. */
const BIG_OBJECTS = 5000
/** Rank correlation from which a probe follows the changes of a series. */
const BIG_RHO = 0.5

export function trendCandidate(
  the: Case,
  series: Series,
  growth: Growth,
  comparison: Candidate['comparison'],
  probes: readonly Companion[],
): Candidate {
  const { start, end, factor, slope, tau } = growth
  const unit = unitOfMetric(series.metric)
  const name = seriesName(series)
  const { resource, adjective } = resourceOf(series, name)
  const process = processOf(series)
  const slab = series.labels['slab']
  const grows = Math.abs(end) > Math.abs(start)
  const follows = companionOf(series, probes)
  const where = `metric = ${literal(series.metric)} AND labels = ${literal(series.labelText)} AND node = ${literal(series.node)}`
  const value = series.counter
    ? '(value - lag(value) OVER (ORDER BY ts)) / ((ts - lag(ts) OVER (ORDER BY ts)) / 1e9)'
    : 'value'
  const sql = query(`SELECT ts, ${value} AS value FROM samples WHERE ${where} ORDER BY ts`)
  const change = Number.isFinite(factor) ? `, ${grows ? times(factor) : `to ${times(1 / factor)}`}` : ''
  return {
    kind: 'trend',
    layer: layerOfMetric(series.metric),
    stage: 'growth',
    subject: { node: series.node, metric: name, ...(slab === undefined ? {} : { slab }), ...process },
    statement:
      `${plain(name)} ${grows ? 'grew' : 'fell'} from ${amount(start, unit)} to ${amount(end, unit)}${change} ` +
      `${whenOf(the, growth)} (${amount(slope, unit)} per second, tau ${tau.toFixed(2)}).${follows?.sentence ?? ''}`,
    brief: `${capital(nameOf(series, resource, adjective))} ${grows ? 'grew' : 'fell'} from ${amount(start, unit)} to ${amount(end, unit)}${change}`,
    effect: { value: end, unit, reference: start, ...(start !== 0 ? { ratio: end / start } : {}) },
    comparison,
    pace: slope,
    big: matters(the, series, resource, grows, Math.abs(end - start)),
    sql,
    chart: { type: 'lines', title: plain(name), unit, sql },
    about: [
      `metric:${series.metric}`,
      ...(resource === undefined ? [] : [`resource:${resource.id}`]),
      ...(adjective === undefined || resource === undefined ? [] : [`part:${resource.id}:${adjective}`]),
      grows ? 'effect:growth' : 'effect:decay',
      ...(follows === undefined ? [] : ['effect:moves-with-symptom']),
    ],
    weight:
      // A resource with a known producer can be explained further.
      (resource === undefined ? 0 : 2) +
      Math.min(6, Math.log10(factor)) * Math.abs(tau) +
      (follows === undefined ? 0 : 1) +
      (adjective === undefined ? 0 : 0.5) +
      // The cache itself rather than what is derived from it.
      (slab === undefined ? 0 : 0.5),
    // A cache and the metric that counts it say the same; a process' own figures are told apart by their names.
    key:
      resource === undefined || process.comm !== undefined
        ? `trend ${series.node} ${name}`
        : `trend ${series.node} ${resource.id} ${adjective ?? ''}`,
  }
}

/** What grew, in plain words. */
function nameOf(series: Series, resource: Resource | undefined, adjective: string | undefined): string {
  if (resource !== undefined && adjective !== undefined)
    return `${adjective} ${resource.name.replace(/ \(.*$/, '')}`
  const slab = series.labels['slab']
  return slab === undefined
    ? metricInWords(series.metric, series.labels)
    : `objects in slab cache ${plain(slab)}`
}

/** Hosts are full of things that move: which of them can have to do with a symptom. */
function matters(
  the: Case,
  series: Series,
  resource: Resource | undefined,
  grows: boolean,
  change: number,
): boolean {
  const { comm } = processOf(series)
  // What a process that is not involved takes from all (memory, files, threads) may matter; what it does is its business.
  if (comm !== undefined && !isInvolved(the, comm))
    return grows && !series.counter && (resource?.perProcess !== true || isRelevant(the, comm))
  if (series.labels['slab'] !== undefined) return grows && change >= BIG_OBJECTS
  return grows || series.counter || isMoreBetter(series.metric)
}

function whenOf(the: Case, { from, to }: Growth): string {
  if (the.symptom === null) return `in ${duration((to - from) * 1e9)}`
  const onset = the.seconds(the.first.from)
  return to <= onset
    ? 'before the symptom showed'
    : `from ${duration((onset - from) * 1e9)} before the symptom showed`
}

/** The probe that the series moves with most. */
function companionOf(series: Series, probes: readonly Companion[]): { sentence: string } | undefined {
  const [best] = probes
    .map(({ name, moves }) => ({ name, ...moves(series) }))
    .toSorted((a, b) => Math.abs(b.rho) - Math.abs(a.rho))
  if (best === undefined || Math.abs(best.rho) < BIG_RHO || best.p >= 0.05) return undefined
  return {
    sentence:
      ` The duration of probe ${best.name} follows its changes` +
      `${best.lag === 0 ? '' : ` ${best.lag} attempts later`} (rank correlation ${best.rho.toFixed(2)}).`,
  }
}

function resourceOf(series: Series, name: string): { resource?: Resource; adjective?: string } {
  const slab = series.labels['slab']
  if (slab !== undefined) {
    const resource = resourceOfSlab(slab)
    return resource === undefined ? {} : { resource }
  }
  const found = resourceOfMetric(name)
  if (found === undefined) return {}
  return {
    resource: found.resource,
    ...(found.part === undefined ? {} : { adjective: found.part.adjective }),
  }
}
