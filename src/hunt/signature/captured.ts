/** What the climb of the ladder on a sick system shows, and the climb on the healthy one does not: waits and stacks. */
import { isObserver } from '../../diagnosis/case/involved.ts'
import { functionName, isGeneric, isIdle } from '../../base/kernel-reports/functions.ts'
import { waitsForMutex } from '../../diagnosis/knowledge/waits.ts'
import type { Evidence } from '../../evidence/query.ts'
import { isStuck } from './feature.ts'
import { templateOf } from './template.ts'

const MOST_TEXTS = 40
const MOST_ROWS = 5000
const MOST_FRAMES = 3
/** Share of all samples that a stack must have on the sick side. */
const BIG_SHARE = 0.1

export interface Captures {
  readonly sick: readonly string[]
  readonly healthy: readonly string[]
}

/** Texts of one kind; null when nothing was looked at. */
export type Captured = readonly string[] | null

/**
 * Waits that no thread of that name is in on the healthy side: `mover-#: futex of a locked mutex`. Only threads that were
 * looked at in full, and those that no signal can end. Without a look at the healthy side nobody knows which waits are idle.
 */
export async function waits(evidence: Evidence, captures: Captures): Promise<Captured> {
  interface Row {
    comm: string
    call: string | null
    args: string | null
    state: string | null
    stack: readonly string[] | null
  }
  const of = async (ids: readonly string[]): Promise<Set<string> | null> => {
    if (ids.length === 0) return null
    const rows = await evidence.rows<Row>(`
      SELECT comm, syscall AS call, syscall_args AS args, state, kernel_stack AS stack FROM threads
      WHERE ${within(ids)} AND comm IS NOT NULL GROUP BY ALL ORDER BY ALL LIMIT ${MOST_ROWS}`)
    if (rows.length === 0) return null
    const texts = rows.map(({ comm, call, args, state, stack }) => {
      const isStuck = state === 'D'
      if (isObserver(comm) || ((call ?? '') === '' && !isStuck) || call === 'running') return ''
      const inCall = call === null || call === '' ? 'kernel' : call
      const lock = waitsForMutex(inCall, args) ? ' of a locked mutex' : ''
      const where = meaningfulFrames(stack ?? [], 1)
      return `${nameOf(comm)}: ${inCall}${lock}${isStuck ? ', uninterruptible' : ''}${where === '' ? '' : ` in ${where}`}`
    })
    return new Set(texts.filter((text) => text !== ''))
  }
  const sick = await of(captures.sick)
  if (sick === null) return null
  const healthy = await of(captures.healthy)
  const special = [...sick].filter((text) => (healthy === null ? isStuck(text) : !healthy.has(text)))
  return special.toSorted().slice(0, MOST_TEXTS)
}

/** Stacks of dumps, and those that samples are full of, without those that the healthy side is as full of. */
export async function stacks(evidence: Evidence, captures: Captures): Promise<Captured> {
  interface Row {
    comm: string
    sampled: string
    frames: readonly string[]
    share: number
  }
  const of = async (ids: readonly string[]): Promise<Map<string, number> | null> => {
    if (ids.length === 0) return null
    const rows = await evidence.rows<Row>(`
      WITH seen AS (
        SELECT comm, CASE WHEN event = 'dump' THEN '' ELSE coalesce(state, 'on-cpu') END AS sampled, frames,
          sum(weight)::DOUBLE AS weight
        FROM stacks WHERE ${within(ids)} AND comm IS NOT NULL AND len(frames) > 0 GROUP BY ALL)
      SELECT comm, sampled, frames, weight / sum(weight) OVER (PARTITION BY sampled) AS share
      FROM seen ORDER BY share DESC, comm, frames LIMIT ${MOST_ROWS}`)
    if (rows.length === 0) return null
    const shares = new Map<string, number>()
    for (const { comm, sampled, frames, share } of rows) {
      const where = frames.some(isIdle) || isObserver(comm) ? '' : meaningfulFrames(frames, MOST_FRAMES)
      if (where === '') continue
      const text = `${nameOf(comm)}${sampled === '' ? '' : ` ${sampled}`}: ${where}`
      // Every thread of a dump counts, however many others there are.
      shares.set(text, sampled === '' ? 1 : (shares.get(text) ?? 0) + share)
    }
    return shares
  }
  const sick = await of(captures.sick)
  if (sick === null) return null
  const healthy = (await of(captures.healthy)) ?? new Map<string, number>()
  const special = [...sick].filter(
    ([text, share]) => share >= BIG_SHARE && share > 2 * (healthy.get(text) ?? 0),
  )
  return special.map(([text]) => text).slice(0, MOST_TEXTS)
}

const nameOf = (comm: string): string => templateOf(comm) || comm

/** The first functions from the leaf that mean something; the leaf when none does. */
function meaningfulFrames(frames: readonly string[], most: number): string {
  const named = frames.filter((frame) => !isGeneric(frame)).slice(0, most)
  return (named.length > 0 ? named : frames.slice(0, 1))
    .map((frame) => templateOf(functionName(frame).slice(0, 200)) || frame.slice(0, 200))
    .join(' < ')
}

/** Ids of captures are our own words. */
const within = (ids: readonly string[]): string =>
  `capture IN (${ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')})`
