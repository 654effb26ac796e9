/** Block devices over time: how long a request takes and how much is moved, from what the kernel counts of them. */
import type { Case } from './case.ts'
import type { Series } from './series.ts'

/** What a device did between two samples, per second. */
export interface Moment {
  /** Seconds since the workload began. */
  readonly at: number
  /** That completed. */
  readonly requests: number
  /** That these took together, queue and device. */
  readonly seconds: number
  /** Read and written. */
  readonly bytes: number
  /** Share of the time with a request under way. */
  readonly busy: number
}

export interface Device {
  readonly node: string
  readonly name: string
  /** Labels of its samples, as stored. */
  readonly labelText: string
  /** Those in which a request was under way. */
  readonly moments: readonly Moment[]
}

const METRIC = /^node_disk_(reads|writes|read|written|read_time|write_time|io_time)_/

/** All devices that the samples tell of (Documentation/admin-guide/iostats.rst). */
export async function devices(the: Case): Promise<readonly Device[]> {
  const own = (await the.series()).filter(
    ({ metric, labels }) => METRIC.test(metric) && labels['device'] !== undefined,
  )
  return [...Map.groupBy(own, ({ node, labelText }) => `${node} ${labelText}`).values()].flatMap((series) => {
    const [first] = series
    if (first === undefined) return []
    const { node, labels, labelText } = first
    return [{ node, name: labels['device'] ?? '', labelText, moments: momentsOf(series) }]
  })
}

function momentsOf(series: readonly Series[]): Moment[] {
  const valuesOf = (metric: string): ReadonlyMap<number, number> => {
    const found = series.find((one) => one.metric === `node_disk_${metric}_total`)
    return new Map(found?.times.map((at, i) => [at, found.values[i] ?? 0]))
  }
  const completed = [valuesOf('reads_completed'), valuesOf('writes_completed')]
  const spent = [valuesOf('read_time_seconds'), valuesOf('write_time_seconds')]
  const moved = [valuesOf('read_bytes'), valuesOf('written_bytes')]
  const busy = valuesOf('io_time_seconds')
  const sum = (maps: readonly ReadonlyMap<number, number>[], at: number): number =>
    maps.reduce((total, map) => total + (map.get(at) ?? 0), 0)
  return [...(completed[1]?.keys() ?? [])]
    .map((at) => ({
      at,
      requests: sum(completed, at),
      seconds: sum(spent, at),
      bytes: sum(moved, at),
      busy: Math.min(1, busy.get(at) ?? 0),
    }))
    .filter(({ requests, busy: share }) => requests > 0 || share > 0)
}

const total = (side: readonly Moment[], of: keyof Moment): number =>
  side.reduce((sum, moment) => sum + moment[of], 0)

/** Mean time of the requests of a stretch, s; not a number when there was none. */
export const requestSeconds = (side: readonly Moment[]): number =>
  total(side, 'seconds') / total(side, 'requests')

/** Mean size of the requests of a stretch. */
export const requestBytes = (side: readonly Moment[]): number =>
  total(side, 'bytes') / total(side, 'requests')

/**
 * What a request costs the device, moment by moment: the time for which it is busy, in s. One in which it was busy and got
 * nothing done counts half a request.
 */
export const costs = (side: readonly Moment[]): number[] =>
  side.map(({ busy, requests }) => busy / Math.max(requests, 0.5))
