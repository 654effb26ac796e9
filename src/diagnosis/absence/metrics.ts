/** Counters that fell silent: something that happened all the time before does not happen any more. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { isInvolved } from '../case/involved.ts'
import { seriesName, within } from '../case/series.ts'
import { literal, query } from '../case/sql.ts'
import { processOf } from '../difference/metrics.ts'
import { isBookkeeping, layerOfMetric, unitOfMetric } from '../knowledge/metrics.ts'
import { resourceOfMetric } from '../knowledge/resources.ts'
import { amount, capital, count, metricInWords, plain } from '../statement/format.ts'
import { median } from '../stats/order.ts'

const LEAST_SAMPLES = 5

export async function silentMetrics(the: Case): Promise<Candidate[]> {
  if (the.symptom === null) return []
  const [from, to, sickFrom, sickTo] = [the.from, the.healthy.to, the.sick.from, the.sick.to].map((at) =>
    the.seconds(at),
  )
  return (await the.series()).flatMap((series) => {
    if (!series.counter || isBookkeeping(series.metric)) return []
    const before = within(series, from ?? 0, to ?? 0)
    const during = within(series, sickFrom ?? 0, sickTo ?? 0)
    if (before.length < LEAST_SAMPLES || during.length < LEAST_SAMPLES || during.some((value) => value > 0))
      return []
    const zeros = before.filter((value) => value === 0).length
    // Laplace's estimate of how often it was silent before, so that `never seen` is not `never`.
    const comparison = the.comparisons.make(((zeros + 1) / (before.length + 2)) ** during.length)
    if (zeros > before.length / 4) return []
    const name = seriesName(series)
    const unit = unitOfMetric(series.metric)
    const where = `metric = ${literal(series.metric)} AND labels = ${literal(series.labelText)} AND node = ${literal(series.node)}`
    const sql = query(`SELECT ts, value FROM samples WHERE ${where} ORDER BY ts`)
    const process = processOf(series)
    const target = the.targets.some(({ pid, comm }) => pid === process.pid || comm === process.comm)
    const resource = resourceOfMetric(name)?.resource
    const candidate: Candidate = {
      kind: 'absence',
      layer: layerOfMetric(series.metric),
      stage: 'context',
      subject: { node: series.node, metric: name, ...process },
      statement:
        `${plain(name)} fell silent: no increase in ${count(during.length)} samples while the symptom showed, ` +
        `${amount(median(before), unit)} in the median before.`,
      brief: `${capital(metricInWords(series.metric, series.labels))} fell silent`,
      effect: { value: 0, unit, reference: median(before), ratio: 0 },
      comparison,
      big: process.comm === undefined || isInvolved(the, process.comm),
      sql,
      chart: { type: 'lines', title: plain(name), unit, sql },
      about: [
        `metric:${series.metric}`,
        'effect:silent',
        ...(resource === undefined ? [] : [`resource:${resource.id}`]),
      ],
      weight: (target ? 5 : 0) + 1 - zeros / before.length,
      key: `metric ${series.node} ${name}`,
    }
    return [candidate]
  })
}
