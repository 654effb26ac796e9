/** Traces of a cure's mechanism at work: each makes it likelier that the rung did it, and not chance. */
import type { RungRecord } from '../../model/run.ts'
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, oneOf } from '../case/sql.ts'
import type { Disturbance } from '../knowledge/disturbances.ts'
import { leftWaits } from './left-waits.ts'
import { passedWaits } from './passed-waits.ts'
import { resourceOfMetric, resourceOfSlab } from '../knowledge/resources.ts'
import { waitOf } from '../knowledge/waits.ts'
import { count, list, percent, plain } from '../statement/format.ts'
import { median } from '../stats/order.ts'
import { seriesName, within } from '../case/series.ts'

export interface Sign {
  readonly sentence: string
  /** The same in a clause, after a colon. */
  readonly brief: string
  readonly about: readonly string[]
  readonly subject: Candidate['subject']
}

export async function signsOf(
  the: Case,
  rung: RungRecord,
  what: Disturbance,
  found: readonly Candidate[],
): Promise<Sign[]> {
  if (what.effect === 'rearm') {
    const passed = await passedWaits(the, rung)
    return passed.length > 0 ? passed : interruptedWaits(the, rung, found)
  }
  if (what.effect === 'free-cache') return freed(the, rung, what, found)
  return []
}

interface Interrupted {
  pid: number
  tid: number | null
  comm: string
  call: string
  errno: string
  count: number
}

/**
 * Waits that the rung's own trace shows to have ended with EINTR, or to have been restarted. A rung that keeps no trace of
 * calls, such as a debugger, is vouched for by one that interrupted the same processes later.
 */
async function interruptedWaits(the: Case, rung: RungRecord, found: readonly Candidate[]): Promise<Sign[]> {
  const own = await interrupted(the, `collector = ${literal(rung.collector)} AND ${the.sick.captured}`, found)
  if (own.length > 0) return own.map((text) => text(''))
  const left = await leftWaits(the, rung, found)
  if (left.length > 0 || the.cured === null) return left
  const later = await interrupted(the, the.cured.captured, found)
  return later.map((text) => text('A tracer attached after the cure shows it: '))
}

/** Signs that rows under a condition give; each takes the words that introduce it. */
async function interrupted(
  the: Case,
  condition: string,
  found: readonly Candidate[],
): Promise<((introduction: string) => Sign)[]> {
  const rows = await the.evidence.rows<Interrupted>(`
    SELECT pid, tid, any_value(comm) AS comm, call, errno, sum(coalesce(count, 1))::DOUBLE AS count FROM syscalls
    WHERE ${condition} AND ${oneOf(
      'pid',
      the.targets.map(({ pid }) => pid),
    )}
      AND (errno = 'EINTR' OR errno LIKE 'ERESTART%') GROUP BY pid, tid, call, errno ORDER BY count DESC, tid`)
  const asleep = new Set(
    found
      .filter(({ about }) => about.includes('effect:asleep'))
      .flatMap(({ about }) => about.filter((topic) => topic.startsWith('thread:'))),
  )
  const waits = rows
    .filter(({ call }) => waitOf(call) !== undefined || call === 'restart_syscall')
    .toSorted((a, b) => Number(asleep.has(`thread:${b.tid}`)) - Number(asleep.has(`thread:${a.tid}`)))
  const [main] = waits
  if (main === undefined) return []
  const process = the.targets.find(({ pid }) => pid === main.pid)?.comm ?? main.comm
  const others = waits.length > 1 ? `, as did ${count(waits.length - 1)} other waits` : ''
  const known = asleep.has(`thread:${main.tid}`) ? ', the one that slept over pending work' : ''
  const returned = main.errno === 'EINTR' ? 'returned EINTR' : `was restarted (${main.errno})`
  return [
    (introduction) => ({
      sentence: `${introduction}${main.call} of ${plain(process)} (thread ${main.tid ?? main.pid}${known}) ${returned}${others}.`,
      brief: `${main.call} ${returned}`,
      about: [`call:${main.call}`, `thread:${main.tid}`, 'effect:interrupted'],
      subject: {
        pid: main.pid,
        ...(main.tid === null ? {} : { tid: main.tid }),
        comm: process,
        call: main.call,
        errno: main.errno,
      },
    }),
  ]
}

/** How long after the rung a sampler may take to see what it freed. */
const SETTLE_SECONDS = 2

/** Resources that had grown and were freed by the rung. */
async function freed(
  the: Case,
  rung: RungRecord,
  what: Disturbance,
  found: readonly Candidate[],
): Promise<Sign[]> {
  const frees = what.frees ?? []
  const grown = new Set(
    found
      .filter(({ stage }) => stage === 'growth')
      .flatMap(({ about }) => about.filter((topic) => topic.startsWith('resource:'))),
  )
  const wanted = frees.filter((id) => grown.has(`resource:${id}`))
  const began = the.seconds(BigInt(rung.from))
  const ended = the.seconds(BigInt(rung.to))
  const falls = (await the.series()).flatMap((series) => {
    const slab = series.labels['slab']
    const resource =
      slab === undefined ? resourceOfMetric(seriesName(series))?.resource : resourceOfSlab(slab)
    if (
      resource === undefined ||
      !wanted.includes(resource.id) ||
      series.counter ||
      series.node !== rung.node
    )
      return []
    const before = median(within(series, began - 5, began))
    const after = Math.min(...within(series, began, ended + SETTLE_SECONDS))
    return before > 0 && Number.isFinite(after) && after < before * 0.5
      ? [{ series, resource, fall: 1 - after / before, before, after }]
      : []
  })
  const best = falls.toSorted((a, b) => b.before - b.after - (a.before - a.after))[0]
  if (best !== undefined)
    return [
      {
        sentence: `${plain(seriesName(best.series))} fell by ${percent(best.fall)}, from ${count(best.before)} to ${count(best.after)}.`,
        brief: `${best.resource.name.replace(/ \(.*$/, '')} fell by ${percent(best.fall)}`,
        about: [`resource:${best.resource.id}`, 'effect:freed'],
        subject:
          best.series.labels['slab'] === undefined
            ? { metric: seriesName(best.series) }
            : { slab: best.series.labels['slab'] },
      },
    ]
  return freedSlabs(the, wanted)
}

/** The same from captures, where no sampler watched: sick against cured. */
async function freedSlabs(the: Case, wanted: readonly string[]): Promise<Sign[]> {
  const { cured } = the
  if (cured === null || wanted.length === 0) return []
  const rows = await the.evidence.rows<{ slab: string; sick: number; cured: number }>(`
    SELECT slab, max(active_objects) FILTER (${the.sick.captured})::DOUBLE AS sick,
      arg_max(active_objects, ts) FILTER (${cured.captured})::DOUBLE AS cured
    FROM slabs WHERE ${the.sick.captured} OR ${cured.captured} GROUP BY slab
    HAVING sick IS NOT NULL AND cured IS NOT NULL AND cured < sick / 2 ORDER BY sick - cured DESC`)
  const own = rows.filter(({ slab }) => wanted.includes(resourceOfSlab(slab)?.id ?? ''))
  const [main] = own
  if (main === undefined) return []
  return [
    {
      sentence: `It freed ${list(own.slice(0, 3).map(({ slab, sick, cured: after }) => `${plain(slab)} (${count(sick)} to ${count(after)} objects)`))}.`,
      brief: `it freed ${count(main.sick - main.cured)} objects of ${plain(main.slab)}`,
      about: [`resource:${resourceOfSlab(main.slab)?.id ?? ''}`, 'effect:freed'],
      subject: { slab: main.slab },
    },
  ]
}
