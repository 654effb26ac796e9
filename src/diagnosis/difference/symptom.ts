/** The metrics that the symptom itself is about: how far they went. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, oneOf, query } from '../case/sql.ts'
import { layerOfMetric, unitOfMetric, isCounter } from '../knowledge/metrics.ts'
import { amount, capital, metricInWords, plain, times } from '../statement/format.ts'
import { autocorrelationTime } from '../stats/autocorrelation.ts'
import { compareByRanks } from '../stats/mann-whitney.ts'
import { median } from '../stats/order.ts'

interface Both {
  node: string
  metric: string
  labels: string
  healthy: number[] | null
  sick: number[] | null
}

/** What a probe's record says better: whether it succeeded, how long it took. */
const SAID_ELSEWHERE = ['probe_success', 'probe_duration_seconds']
const BIG = 1.5

/** Gauges in the condition of the symptom, for the series that satisfied it. */
export async function symptomMetrics(the: Case): Promise<Candidate[]> {
  const { symptom } = the
  if (symptom === null) return []
  const metrics = metricsOf(symptom.when)
  const rows = await the.evidence.rows<Both>(`
    SELECT node, metric, labels, list(value ORDER BY ts) FILTER (${the.healthy.observed}) AS healthy,
      list(value ORDER BY ts) FILTER (${the.sick.observed}) AS sick
    FROM samples WHERE ${oneOf('metric', metrics)} AND isfinite(value) GROUP BY ALL ORDER BY ALL LIMIT 1000`)
  return rows.flatMap(({ node, metric, labels, healthy, sick }) => {
    if (healthy === null || sick === null || !satisfied(the, metric, labels)) return []
    const before = median(healthy)
    const during = median(sick)
    // Were nothing the matter, both stretches would repeat themselves as the healthy one does.
    const inflation = autocorrelationTime(healthy)
    const comparison = the.comparisons.make(compareByRanks(healthy, sick, inflation).p, 'stated')
    const ratio = during / before
    if (!(ratio >= BIG || ratio <= 1 / BIG)) return []
    const unit = unitOfMetric(metric)
    const inNs = unit === 'seconds'
    const scale = inNs ? 1e9 : 1
    const where = `metric = ${literal(metric)} AND labels = ${literal(labels)} AND node = ${literal(node)}`
    const probe = probeOf(labels)
    const name = `${metric}${probe === undefined ? '' : ` of probe ${probe}`}`
    const against = ratio < 1 ? 'down from' : Number.isFinite(ratio) ? times(ratio) : 'up from'
    const candidate: Candidate = {
      kind: 'difference',
      layer: probe === undefined ? layerOfMetric(metric) : 'symptom',
      stage: 'symptom',
      subject: { node, metric, ...(probe === undefined ? {} : { probe }) },
      statement:
        `${plain(name)} was ${amount(during, unit)} in the median while the symptom showed` +
        `, ${against} the ${amount(before, unit)} of before.`,
      brief:
        `${capital(metricInWords(name))} is ${amount(during, unit)}, ` +
        `${against} the ${amount(before, unit)} of before`,
      effect: { value: during * scale, unit: inNs ? 'ns' : unit, reference: before * scale, ratio },
      comparison,
      big: true,
      sql: query(`
        SELECT CASE WHEN ts < ${the.sick.from} THEN 'before' WHEN ts < ${the.sick.to} THEN 'during' ELSE 'after' END AS period,
          count(*) AS samples, median(value) AS median, max(value) AS largest
        FROM samples WHERE ${where} GROUP BY period ORDER BY min(ts)`),
      chart: {
        type: 'lines',
        title: plain(name),
        unit,
        sql: query(`SELECT ts, value FROM samples WHERE ${where} ORDER BY ts`),
      },
      about: [`metric:${metric}`, ...(probe === undefined ? [] : [`probe:${probe}`]), 'effect:slow'],
      weight: 110 + Math.abs(Math.log10(Math.max(ratio, 1e-9))),
      key: symptomKey(node, metric, labels),
    }
    return [candidate]
  })
}

/** Key of the candidate about one series; `labels` as stored. */
export const symptomKey = (node: string, metric: string, labels: string): string =>
  `symptom ${node} ${metric} ${labels}`

/** Gauges that a condition names, other than what a probe's record says better. */
const metricsOf = (condition: string): string[] =>
  [...new Set(condition.match(/[a-zA-Z_:][\w:]*/g) ?? [])].filter(
    (word) => !SAID_ELSEWHERE.includes(word) && !isCounter(word),
  )

/** Whether a series is a gauge of the symptom's condition, and satisfied it. */
export const isStated = (the: Case, metric: string, labels: string): boolean =>
  the.symptom !== null && metricsOf(the.symptom.when).includes(metric) && satisfied(the, metric, labels)

/** Whether it is one of the series that satisfied the condition; all are when the record does not say. */
function satisfied(the: Case, metric: string, labels: string): boolean {
  const series = the.symptom?.series ?? []
  const probe = probeOf(labels)
  if (probe !== undefined) return the.symptom?.probes.includes(probe) === true
  const named = series.filter(({ labels: own }) => own['__name__'] === metric)
  if (named.length === 0) return true
  return named.some(({ labels: own }) =>
    Object.entries(own).every(
      ([name, value]) =>
        name === '__name__' || name === 'node' || labels.includes(`"${name}":${JSON.stringify(value)}`),
    ),
  )
}

const probeOf = (labels: string): string | undefined => /"probe":"([^"]*)"/.exec(labels)?.[1]
