/** Activities that per-process metrics measure: what each process gained, or added to its pace. */
import type { Case } from '../case/case.ts'
import { isRelevant } from '../case/involved.ts'
import { within, type Series } from '../case/series.ts'
import { literal, matches, query } from '../case/sql.ts'
import { processOf } from '../difference/metrics.ts'
import type { ActivityId } from '../knowledge/resources.ts'
import { mean, median } from '../stats/order.ts'
import { byComm, type Activity } from './activities.ts'

type Measure = (the: Case, series: Series) => number

/** A flow: the pace while the symptom showed beyond that of the healthy stretch. */
const added: Measure = (the, series) => paceOver(the, series, the.sick) - paceOver(the, series, the.healthy)

/** Mean over the whole stretch, also the time at which the process was not there. */
function paceOver(the: Case, series: Series, { from, to }: Pick<Case['sick'], 'from' | 'to'>): number {
  const values = within(series, the.seconds(from), the.seconds(to))
  const { times } = series
  const apart = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / Math.max(1, times.length - 1)
  const there = (values.length * apart) / Math.max(apart, the.seconds(to) - the.seconds(from))
  return values.length === 0 ? 0 : mean(values) * Math.min(1, there)
}

/** A stock: from its first tenth to the end of the symptom. A process that came later began at nothing. */
const gained: Measure = (the, series) => {
  const values = within(series, 0, the.seconds(the.sick.to))
  const edge = Math.max(2, Math.floor(values.length / 10))
  const began = (series.times[0] ?? 0) > the.seconds(the.healthy.to) ? 0 : median(values.slice(0, edge))
  return median(values.slice(-edge)) - began
}

export const rateOf = (id: ActivityId, what: string, unit: string, metrics: RegExp): Activity =>
  metered(id, what, unit, metrics, added)

export const gainedBy = (id: ActivityId, what: string, unit: string, metrics: RegExp): Activity =>
  metered(id, what, unit, metrics, gained)

/** Of which each process has its own: what one takes leaves the others as much as before. */
export const gainedByItself = (id: ActivityId, what: string, unit: string, metrics: RegExp): Activity => {
  const activity = metered(id, what, unit, metrics, gained)
  return {
    ...activity,
    actors: async (the, node) =>
      (await activity.actors(the, node)).filter(({ comm }) => isRelevant(the, comm)),
  }
}

function metered(id: ActivityId, what: string, unit: string, metrics: RegExp, measure: Measure): Activity {
  return {
    id,
    what,
    unit,
    actors: async (the, node) => {
      const own = (await the.series()).filter((series) => series.node === node && metrics.test(series.metric))
      const rows = own.flatMap((series) => {
        const { pid, comm } = processOf(series)
        const amount = measure(the, series)
        return comm === undefined || !(amount > 0) ? [] : [{ comm, pid: pid ?? 0, amount }]
      })
      return byComm(rows)
    },
    sql: (the, node) =>
      query(`
        SELECT json_extract_string(labels, '$.comm') || ' (' || json_extract_string(labels, '$.pid') || ')' AS label,
          max(value) - min(value) AS value
        FROM samples WHERE ${matches('metric', metrics.source)} AND node = ${literal(node)} AND ts <= ${the.sick.to}
        GROUP BY label HAVING max(value) > min(value) ORDER BY value DESC LIMIT 12`),
  }
}
