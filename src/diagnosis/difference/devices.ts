/**
 * Devices that take longer for a request although no more is asked of them, and where the requests wait.
 *
 * Utilisation, saturation and errors of the device (Gregg, The USE Method, 2013) tell who is loaded; what tells a slower
 * device from a busier one is that it moves no more than before. Queue and device are told apart as btt(1) does: from
 * queued to issued (Q2D) and from issued to completed (D2C).
 */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { costs, devices, requestBytes, requestSeconds, type Device, type Moment } from '../case/devices.ts'
import { literal, query } from '../case/sql.ts'
import { amount, duration, percent, plain, times } from '../statement/format.ts'
import { autocorrelationTime } from '../stats/autocorrelation.ts'
import { compareByRanks } from '../stats/mann-whitney.ts'
import { mean, median } from '../stats/order.ts'

const LEAST_MOMENTS = 4
const BIG_RATIO = 2
const BIG_DELTA = 0.6
/** Moving so many times as much is being busier. */
const BUSIER = 1.25

export async function slowDevices(the: Case): Promise<Candidate[]> {
  if (the.symptom === null) return []
  const waits = await waitsOf(the)
  return (await devices(the)).flatMap((device) => {
    const [before, during] = sidesOf(the, device)
    if (before.length < LEAST_MOMENTS || during.length < LEAST_MOMENTS) return []
    const [was, is] = [costs(before), costs(during)]
    const inflation = Math.max(autocorrelationTime(was), autocorrelationTime(is))
    const { p, delta } = compareByRanks(was, is, inflation)
    const comparison = the.comparisons.make(p)
    const ratio = requestSeconds(during) / requestSeconds(before)
    // Larger requests take longer on any device.
    const larger = Math.max(1, requestBytes(during) / requestBytes(before))
    const isBusier = movedBy(during) > BUSIER * movedBy(before)
    if (delta < BIG_DELTA || !(ratio / larger >= BIG_RATIO) || isBusier) return []
    const wait = waits.find(({ node, device: name }) => node === device.node && name === device.name)
    return [candidateOf(device, before, during, wait, comparison)]
  })
}

/** Moments of a device on the healthy side and on the sick one. */
export function sidesOf(the: Case, { moments }: Device): readonly [readonly Moment[], readonly Moment[]] {
  const side = ({ from, to }: Pick<Case['sick'], 'from' | 'to'>): readonly Moment[] =>
    moments.filter(({ at }) => at >= the.seconds(from) && at < the.seconds(to))
  return [side(the.healthy), side(the.sick)]
}

const movedBy = (side: readonly Moment[]): number => mean(side.map(({ bytes }) => bytes))
const busyOf = (side: readonly Moment[]): number => median(side.map(({ busy }) => busy))

/** Time of the requests of a device while it was traced, ns. */
interface Wait {
  readonly node: string
  readonly device: string
  readonly collector: string
  readonly queue: number
  readonly inside: number
  readonly requests: number
  readonly usual_inside: number | null
  readonly usual_requests: number | null
}

const waitsOf = (the: Case): Promise<Wait[]> =>
  the.evidence.rows<Wait>(`
    SELECT node, device, collector,
      sum(queue_ns) FILTER (${the.sick.captured})::DOUBLE AS queue,
      coalesce(sum(latency_ns) FILTER (${the.sick.captured}), 0)::DOUBLE AS inside,
      sum(count) FILTER (${the.sick.captured})::DOUBLE AS requests,
      sum(latency_ns) FILTER (${the.healthy.captured})::DOUBLE AS usual_inside,
      sum(count) FILTER (${the.healthy.captured})::DOUBLE AS usual_requests
    FROM block_io WHERE queue_ns IS NOT NULL AND operation IN ('read', 'write')
    GROUP BY ALL HAVING sum(queue_ns) FILTER (${the.sick.captured}) IS NOT NULL ORDER BY requests DESC`)

function candidateOf(
  { node, name, labelText }: Device,
  before: readonly Moment[],
  during: readonly Moment[],
  wait: Wait | undefined,
  comparison: Candidate['comparison'],
): Candidate {
  const [was, is] = [requestSeconds(before), requestSeconds(during)]
  const where = `node = ${literal(node)} AND labels = ${literal(labelText)}`
  const sql = query(`
    WITH moves AS (
      SELECT ts, metric, value - lag(value) OVER (PARTITION BY metric ORDER BY ts) AS moved FROM samples WHERE ${where}
    )
    SELECT ts, sum(moved) FILTER (metric IN ('node_disk_read_time_seconds_total', 'node_disk_write_time_seconds_total'))
      / nullif(sum(moved) FILTER (metric IN ('node_disk_reads_completed_total', 'node_disk_writes_completed_total')), 0) AS value
    FROM moves GROUP BY ts ORDER BY ts`)
  const moves = `${amount(movedBy(during), 'bytes/s')}, against ${amount(movedBy(before), 'bytes/s')} before`
  return {
    kind: 'difference',
    layer: 'storage',
    stage: 'mechanism',
    subject: { node, device: name },
    statement:
      `A request of ${plain(name)} took ${duration(is * 1e9)} on average while the symptom showed, ${times(is / was)} the ` +
      `${duration(was * 1e9)} of before; the device was busy for ${percent(busyOf(during))} of the time (${percent(busyOf(before))} ` +
      `before) and moved ${moves}: it is slower, not loaded more.${wait === undefined ? '' : ` ${whereOf(wait)}`}`,
    brief:
      `${plain(name)} takes ${duration(is * 1e9)} for a request, ${times(is / was)} the ${duration(was * 1e9)} of before, and moves ` +
      `${moves}${wait === undefined ? '' : `; ${placeOf(wait)}`}`,
    effect: { value: is * 1e9, unit: 'ns', reference: was * 1e9, ratio: is / was },
    comparison,
    big: true,
    sql,
    chart: { type: 'lines', title: `Mean time of a request of ${plain(name)}`, unit: 'seconds', sql },
    about: [`device:${node} ${name}`, 'resource:block-io', 'effect:slow-device'],
    weight: 5 + Math.log10(is / was),
    key: `device ${node} ${name}`,
  }
}

const insideShare = ({ queue, inside }: Wait): number => inside / Math.max(1, queue + inside)

const placeOf = (wait: Wait): string =>
  insideShare(wait) >= 0.5
    ? `${percent(insideShare(wait))} of the time passes in the device, not in the kernel's queue`
    : `${percent(1 - insideShare(wait))} of the time passes in the kernel's queue, not in the device`

/** Where the requests spent their time. */
function whereOf(wait: Wait): string {
  const { collector, queue, inside, requests, usual_inside: usual, usual_requests: usually } = wait
  const each = (sum: number, count: number): string => duration(sum / Math.max(1, count))
  const reference =
    usual === null || usually === null || usually === 0
      ? ''
      : `, on the reference ${each(usual, usually)} in the device`
  const why =
    insideShare(wait) >= 0.5
      ? 'they wait for the device, not in the queue'
      : 'they wait for the scheduler, a limit of the kernel, or because the device takes no more at once'
  return (
    `Of the time of its requests ${percent(insideShare(wait))} passed in the device and ${percent(1 - insideShare(wait))} in the ` +
    `kernel's queue (${plain(collector)}: ${each(inside, requests)} and ${each(queue, requests)} each${reference}): ${why}.`
  )
}
