/** The busiest process that is not to blame, and why: being busy is what one sees first, and proves nothing. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { within } from '../case/series.ts'
import { query } from '../case/sql.ts'
import { processOf } from '../difference/metrics.ts'
import { percent, plain } from '../statement/format.ts'
import { mean } from '../stats/order.ts'
import { byComm, type Activity, type Actor } from './activities.ts'

/** Shown when it uses so many times the CPU of the culprit, and makes less than this of the activity. */
const BUSIER = 1.5
const LITTLE = 0.1

export async function busiestInnocent(
  the: Case,
  activity: Activity,
  culprit: Candidate,
  actors: readonly Actor[],
): Promise<Candidate | undefined> {
  const { node, comm } = culprit.subject
  const busy = byComm(
    (await the.series())
      .filter((series) => series.node === node && series.metric === 'process_cpu_seconds_total')
      .flatMap((series) => {
        const process = processOf(series)
        const values = within(series, the.seconds(the.sick.from), the.seconds(the.sick.to))
        if (process.comm === undefined || values.length === 0) return []
        return [{ comm: process.comm, pid: process.pid ?? 0, amount: mean(values) }]
      }),
  )
  const own = busy.find((actor) => actor.comm === comm)?.amount ?? 0
  const [first] = busy.filter((actor) => actor.comm !== comm)
  if (first === undefined || first.amount < BUSIER * own || first.amount < 0.05) return undefined
  const total = actors.reduce((sum, actor) => sum + actor.amount, 0)
  const part = (actors.find((actor) => actor.comm === first.comm)?.amount ?? 0) / total
  if (part > LITTLE) return undefined
  return {
    kind: 'attribution',
    layer: 'process',
    stage: 'context',
    subject: {
      ...(node === undefined ? {} : { node }),
      comm: first.comm,
      ...(first.pid === undefined ? {} : { pid: first.pid }),
    },
    statement:
      `${plain(first.comm)} is busier (${percent(first.amount)} of a CPU against ${percent(own)} of ${plain(comm ?? '')}) and not to ` +
      `blame: it makes ${percent(part)} of ${activity.what}.`,
    effect: { value: part, unit: 'share', reference: culprit.effect.value },
    comparison: null,
    big: false,
    sql: query(`
      SELECT json_extract_string(labels, '$.comm') AS comm, json_extract_string(labels, '$.pid') AS pid,
        max(value) - min(value) AS cpu_seconds
      FROM samples WHERE metric = 'process_cpu_seconds_total' AND ts >= ${the.sick.from} AND ts < ${the.sick.to}
      GROUP BY ALL ORDER BY cpu_seconds DESC LIMIT 12`),
    about: [`comm:${first.comm}`, 'effect:innocent'],
    weight: -1,
    key: `innocent ${node ?? ''} ${first.comm}`,
  }
}
