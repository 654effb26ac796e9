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
 * A healthy thread too waits for a mutex or a device for a moment: such a wait tells something when a thread stands in it
 * throughout a capture, and none does so on the healthy side.
 */
export async function waits(evidence: Evidence, captures: Captures): Promise<Captured> {
  interface Row {
    comm: string
    call: string | null
    args: string | null
    state: string | null
    stack: readonly string[] | null
    stands: boolean | null
  }
  /** Text to whether a thread stands in it; one that was looked at only once is taken to. */
  const of = async (ids: readonly string[]): Promise<Map<string, boolean> | null> => {
    if (ids.length === 0) return null
    const rows = await evidence.rows<Row>(`
      WITH looks AS (
        SELECT *, concat_ws(' ', syscall, syscall_args, state) AS wait,
          max(voluntary_switches) OVER thread = min(voluntary_switches) OVER thread
            AND max(wait) OVER thread = min(wait) OVER thread AS stands
        FROM threads WHERE ${within(ids)} AND comm IS NOT NULL
        WINDOW thread AS (PARTITION BY capture, collector, node, tid))
      SELECT comm, syscall AS call, syscall_args AS args, state, kernel_stack AS stack, stands FROM looks
      GROUP BY ALL ORDER BY ALL LIMIT ${MOST_ROWS}`)
    if (rows.length === 0) return null
    const texts = new Map<string, boolean>()
    for (const { comm, call, args, state, stack, stands } of rows) {
      const isStuck = state === 'D'
      if (isObserver(comm) || ((call ?? '') === '' && !isStuck) || call === 'running') continue
      const inCall = call === null || call === '' ? 'kernel' : call
      const lock = waitsForMutex(inCall, args) ? ' of a locked mutex' : ''
      // What only carries out a call says less than the name of the call.
      const telling = inCall === 'kernel' ? stack : stack?.filter((frame) => !isGeneric(frame))
      const where = meaningfulFrames(telling ?? [], 1)
      const text = `${nameOf(comm)}: ${inCall}${lock}${isStuck ? ', uninterruptible' : ''}${where === '' ? '' : ` in ${where}`}`
      texts.set(text, stands !== false || texts.get(text) === true)
    }
    return texts
  }
  const sick = await of(captures.sick)
  if (sick === null) return null
  const healthy = await of(captures.healthy)
  const special = [...sick].filter(([text, stands]) =>
    healthy === null
      ? isStuck(text)
      : !healthy.has(text) || (isStuck(text) && stands && healthy.get(text) === false),
  )
  return special
    .map(([text]) => text)
    .toSorted()
    .slice(0, MOST_TEXTS)
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
