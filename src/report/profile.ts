/** Stacks of the sick and of the healthy system, and the call trees that flame graphs draw of them. */
import type { Evidence } from '../evidence/query.ts'
import type { RunRecord } from '../model/run.ts'

export const sideNames = ['sick', 'healthy'] as const
export type SideName = (typeof sideNames)[number]

/** A call stack of one side with its weight in `unit`. */
export interface WeightedStack {
  readonly comm: string
  /** Root first. */
  readonly frames: readonly string[]
  /** Frames from here on are in the kernel. */
  readonly userFrames: number
  readonly weight: number
  readonly unit: string
}

/** On-CPU or off-CPU stacks of both sides; one without any is left out. */
export interface Profile extends Readonly<Record<SideName, readonly WeightedStack[]>> {
  readonly state: 'on-cpu' | 'off-cpu'
}

/** A function in a call tree of both sides; its weights are shares of the whole side, 0 to 1. */
export interface Frame extends Record<SideName, number> {
  readonly name: string
  readonly kernel: boolean
  readonly children: Map<string, Frame>
}

interface StackRow {
  readonly comm: string
  readonly frames: readonly string[]
  readonly kernel_frames: number
  readonly weight: number
  readonly unit: string
}

const MOST_STACKS = 20_000

/** Stacks of the sick captures and of the references, cured captures where there is no other. Idle CPUs are left out. */
export async function loadProfiles(evidence: Evidence, record: RunRecord): Promise<readonly Profile[]> {
  const idsOf = (role: string): string[] =>
    record.captures.filter((one) => one.role === role).map(({ id }) => id)
  const references = idsOf('reference')
  const profiles: Profile[] = []
  for (const state of ['on-cpu', 'off-cpu'] as const) {
    const sick = await stacksOf(evidence, state, idsOf('sick'))
    const healthy = await stacksOf(evidence, state, references.length > 0 ? references : idsOf('cured'))
    if (sick.length + healthy.length > 0) profiles.push({ state, sick, healthy })
  }
  return profiles
}

async function stacksOf(
  evidence: Evidence,
  state: Profile['state'],
  captures: readonly string[],
): Promise<readonly WeightedStack[]> {
  if (captures.length === 0) return []
  const rows = await evidence.rows<StackRow>(
    `SELECT coalesce(comm, '?') AS comm, frames, max(coalesce(kernel_frames, 0)) AS kernel_frames,
       sum(weight) AS weight, any_value(unit) AS unit
     FROM stacks
     WHERE state = ? AND capture IN (${captures.map(() => '?').join(', ')}) AND len(frames) > 0
       AND coalesce(pid, -1) <> 0 AND weight > 0
     GROUP BY comm, frames ORDER BY sum(weight) DESC, comm, frames LIMIT ${MOST_STACKS}`,
    [state, ...captures],
  )
  return rows.map(({ comm, frames, kernel_frames, weight, unit }) => ({
    comm,
    frames: frames.toReversed(),
    userFrames: frames.length - kernel_frames,
    weight,
    unit,
  }))
}

/** Both sides as one tree, of one command or, below a frame for each, of all. */
export function callTree(profile: Profile, comm?: string): Frame {
  const root = newFrame(comm ?? 'all', false)
  for (const side of sideNames) {
    const stacks = profile[side].filter((stack) => comm === undefined || stack.comm === comm)
    const total = stacks.reduce((sum, { weight }) => sum + weight, 0)
    for (const stack of stacks) {
      const share = stack.weight / total
      let at = root
      at[side] += share
      if (comm === undefined) at = grow(at, stack.comm, false, side, share)
      for (const [depth, name] of stack.frames.entries()) {
        at = grow(at, name, depth >= stack.userFrames, side, share)
      }
    }
  }
  return root
}

function grow(parent: Frame, name: string, kernel: boolean, side: SideName, share: number): Frame {
  const key = `${kernel ? 'k' : 'u'} ${name}`
  const child = parent.children.get(key) ?? newFrame(name, kernel)
  parent.children.set(key, child)
  child[side] += share
  return child
}

const newFrame = (name: string, kernel: boolean): Frame => ({
  name,
  kernel,
  children: new Map(),
  sick: 0,
  healthy: 0,
})
