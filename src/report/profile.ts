/** Stacks of the sick and of the healthy system as two trees of the same shape, for flame graphs and profiles. */
import type { Evidence } from '../evidence/query.ts'
import type { RunRecord } from '../model/run.ts'

/** A function in a call tree; weights are shares of the whole side, 0 to 1. */
export interface Frame {
  readonly name: string
  readonly kernel: boolean
  readonly children: Map<string, Frame>
  sick: number
  healthy: number
}

/** Stacks of one side, root first. */
export interface WeightedStack {
  readonly comm: string
  readonly frames: readonly string[]
  readonly weight: number
  readonly unit: string
}

export interface Profile {
  /** Root of the merged tree; its children are commands. */
  readonly root: Frame
  readonly sick: readonly WeightedStack[]
  readonly healthy: readonly WeightedStack[]
}

interface StackRow {
  readonly side: 'sick' | 'healthy'
  readonly comm: string
  readonly frames: readonly string[]
  readonly kernel_frames: number | null
  readonly weight: number
  readonly unit: string
}

const MOST_STACKS = 20_000

/** On-CPU stacks of the sick captures and of the references, cured ones where there is no other. */
export async function loadProfile(evidence: Evidence, record: RunRecord): Promise<Profile> {
  const idsOf = (role: string): string[] =>
    record.captures.filter((one) => one.role === role).map(({ id }) => id)
  const references = idsOf('reference').length > 0 ? idsOf('reference') : idsOf('cured')
  const sides = { sick: idsOf('sick'), healthy: references }
  const rows: StackRow[] = []
  for (const [side, ids] of Object.entries(sides)) {
    if (ids.length === 0) continue
    const list = ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')
    rows.push(
      ...(await evidence.rows<StackRow>(`
        SELECT '${side}' AS side, coalesce(comm, '?') AS comm, frames, max(kernel_frames) AS kernel_frames,
          sum(weight) AS weight, any_value(unit) AS unit
        FROM stacks WHERE state = 'on-cpu' AND capture IN (${list}) AND len(frames) > 0
        GROUP BY comm, frames ORDER BY sum(weight) DESC LIMIT ${MOST_STACKS}`)),
    )
  }
  return profileOf(rows)
}

function profileOf(rows: readonly StackRow[]): Profile {
  const root = frame('all', false)
  const total = { sick: 0, healthy: 0 }
  for (const { side, weight } of rows) total[side] += weight
  const sides = { sick: [] as WeightedStack[], healthy: [] as WeightedStack[] }
  for (const { side, comm, frames, kernel_frames, weight, unit } of rows) {
    const share = weight / total[side]
    const rootFirst = frames.toReversed()
    sides[side].push({ comm, frames: rootFirst, weight, unit })
    let at = root
    at[side] += share
    const userFrames = rootFirst.length - (kernel_frames ?? 0)
    for (const [depth, name] of [comm, ...rootFirst].entries()) {
      const kernel = depth > userFrames
      const next = at.children.get(name) ?? frame(name, kernel)
      at.children.set(name, next)
      next[side] += share
      at = next
    }
  }
  return { root, sick: sides.sick, healthy: sides.healthy }
}

const frame = (name: string, kernel: boolean): Frame => ({
  name,
  kernel,
  children: new Map(),
  sick: 0,
  healthy: 0,
})
