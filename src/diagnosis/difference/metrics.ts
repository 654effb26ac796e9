/** Metrics that changed their level between the healthy stretch and the sick one. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isInvolved } from '../case/involved.ts'
import { seriesName, within, type Series } from '../case/series.ts'
import { literal, query } from '../case/sql.ts'
import { isBookkeeping, layerOfMetric, unitOfMetric } from '../knowledge/metrics.ts'
import { resourceOfMetric } from '../knowledge/resources.ts'
import { amount, capital, duration, metricInWords, plain, times } from '../statement/format.ts'
import { autocorrelationTime } from '../stats/autocorrelation.ts'
import { changePoints } from '../stats/change-point.ts'
import { compareByRanks } from '../stats/mann-whitney.ts'
import { median, spread } from '../stats/order.ts'

const LEAST_SAMPLES = 4
const BIG_RATIO = 2
/** Cliff's delta from which an effect counts as large (Romano et al. 2006 say 0.474; two windows of one series need more). */
const BIG_DELTA = 0.8

export async function changedMetrics(the: Case): Promise<Candidate[]> {
  if (the.symptom === null) return []
  const symptom = the.symptom
  const bounds = [the.healthy.from, the.healthy.to, the.sick.from, the.sick.to].map((at) => the.seconds(at))
  const [healthyFrom = 0, healthyTo = 0, sickFrom = 0, sickTo = 0] = bounds
  return (await the.series()).flatMap((series) => {
    if (isBookkeeping(series.metric) || series.metric.startsWith('probe_')) return []
    const before = within(series, healthyFrom, healthyTo)
    const during = within(series, sickFrom, sickTo)
    if (before.length < LEAST_SAMPLES || during.length < LEAST_SAMPLES) return []
    const inflation = Math.max(autocorrelationTime(before), autocorrelationTime(during))
    const { p, delta } = compareByRanks(before, during, inflation)
    const stated = symptom.series.some(({ labels }) => labels['__name__'] === series.metric)
    const comparison = the.comparisons.make(p, stated ? 'stated' : 'searched')
    const low = median(before)
    const high = median(during)
    const ratio = high / low
    const noise = Math.max(spread(before), spread(during))
    const far = ratio >= BIG_RATIO || ratio <= 1 / BIG_RATIO || (low === 0 && high !== 0)
    if (Math.abs(delta) < BIG_DELTA || !far || Math.abs(high - low) < 2 * noise) return []
    return [candidateOf(the, series, low, high, delta, comparison, stepOf(series, sickFrom, sickTo))]
  })
}

function candidateOf(
  the: Case,
  series: Series,
  before: number,
  during: number,
  delta: number,
  comparison: Candidate['comparison'],
  step: number | undefined,
): Candidate {
  const unit = unitOfMetric(series.metric)
  const name = seriesName(series)
  const found = resourceOfMetric(name)
  const process = processOf(series)
  const where = `metric = ${literal(series.metric)} AND labels = ${literal(series.labelText)} AND node = ${literal(series.node)}`
  const ratio = during / before
  const factor = before > 0 && during > 0 ? ` (${ratio >= 1 ? times(ratio) : `down to ${times(ratio)}`})` : ''
  const when =
    step === undefined
      ? ''
      : ` Its level changed ${duration(Math.abs(step) * 1e9)} ${step < 0 ? 'before' : 'after'} the symptom showed.`
  const value = series.counter
    ? `(value - lag(value) OVER (ORDER BY ts)) / ((ts - lag(ts) OVER (ORDER BY ts)) / 1e9)`
    : 'value'
  return {
    kind: 'difference',
    layer: layerOfMetric(series.metric),
    stage: 'context',
    subject: { node: series.node, metric: name, ...process },
    statement: `${plain(name)} went from ${amount(before, unit)} before to ${amount(during, unit)} while the symptom showed${factor}.${when}`,
    brief: `${capital(metricInWords(series.metric, series.labels))} went from ${amount(before, unit)} to ${amount(during, unit)}${factor}`,
    effect: { value: during, unit, reference: before, ...(before > 0 ? { ratio } : {}) },
    comparison,
    // What one process does counts only if it is involved: any other host is full of processes that change.
    big: process.comm === undefined || isInvolved(the, process.comm),
    sql: query(`
      SELECT ts, ${value} AS value, CASE WHEN ts < ${the.sick.from} THEN 'before' ELSE 'during' END AS period
      FROM samples WHERE ${where} AND ts <= ${the.sick.to} ORDER BY ts`),
    chart: {
      type: 'lines',
      title: name,
      unit,
      sql: query(`SELECT ts, ${value} AS value FROM samples WHERE ${where} ORDER BY ts`),
    },
    about: [`metric:${series.metric}`, ...(found === undefined ? [] : [`resource:${found.resource.id}`])],
    weight:
      Math.abs(delta) +
      Math.min(5, Math.abs(Math.log10(Math.max(1e-5, Math.abs(ratio))))) +
      (step !== undefined && step < 0 ? 0.5 : 0),
    key: `metric ${series.node} ${name}`,
  }
}

/** Seconds from the onset to the nearest change of level, negative before it: what comes first may be the cause. */
function stepOf(series: Series, onset: number, to: number): number | undefined {
  const steps = changePoints(within(series, 0, to)).map((index) => (series.times[index] ?? onset) - onset)
  return steps.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0]
}

/** Process that a series is about, by its labels. */
export function processOf(series: Pick<Series, 'labels'>): { pid?: number; comm?: string } {
  const pid = Number(series.labels['pid'])
  const comm = series.labels['comm'] ?? series.labels['process'] ?? series.labels['groupname']
  return { ...(Number.isInteger(pid) && pid > 0 ? { pid } : {}), ...(comm === undefined ? {} : { comm }) }
}
