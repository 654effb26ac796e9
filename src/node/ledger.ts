/**
 * The undo ledger of one run, `undo.jsonl`: an effect is written before it is made and ticked off after it is undone.
 *
 * A line names the process that owns the run, so that a sweep never undoes a run that is still alive; of several the
 * last one counts.
 * Lines are appended with one write each; a process killed in between leaves a torn last line, which is skipped.
 */
import { appendFileSync, closeSync, constants, existsSync, openSync } from 'node:fs'
import { messageOf } from '../base/errors.ts'
import type { Effect, UndoLedger } from '../plugin/undo.ts'
import { killProcesses, undo } from './effects.ts'
import { aliveness, ownerOf, readLines } from './ledger-lines.ts'
import type { Line, Owner } from './ledger-lines.ts'
import { cgroupFor, joinCgroup } from './run-cgroup.ts'

/** A ledger that undoes what is left when it is disposed: processes first, then the latest first. */
export interface OwnedLedger extends UndoLedger, AsyncDisposable {
  /** What stands shall go on standing: nothing is undone any more by this process. */
  leave(): void
}

/**
 * Starts the ledger of a run that this process owns, or goes on with one that was left. Failures to undo at the end are
 * told to `onFailure`, and kept.
 */
export function openLedger(file: string, run: string, onFailure: (sentence: string) => void): OwnedLedger {
  const open = new Map(
    (existsSync(file) ? readLedger(file)?.left : [])?.map(({ id, effect }) => [id, effect]),
  )
  append(file, ownerOf(run))
  let last = Math.max(0, ...open.keys())

  const settle = async (id: number): Promise<string | undefined> => {
    const effect = open.get(id)
    if (effect === undefined) return undefined
    try {
      // A process that still writes into a directory keeps it from being removed.
      if (effect.type === 'path') {
        for (const one of open.values()) if (one.type === 'processes') await killProcesses(one, effect.path)
      }
      await undo(effect, run)
      open.delete(id)
      tickOff(file, id)
      return undefined
    } catch (error) {
      return `could not undo ${describe(effect)}: ${messageOf(error)}`
    }
  }

  return {
    record: (wanted) => {
      last += 1
      const id = last
      const cgroup = wanted.type === 'processes' ? cgroupFor(wanted.run) : undefined
      const effect = wanted.type === 'processes' && cgroup !== undefined ? { ...wanted, cgroup } : wanted
      append(file, { id, effect })
      open.set(id, effect)
      if (cgroup !== undefined) joinCgroup(cgroup)
      return Promise.resolve({
        forget: () => {
          if (open.delete(id)) tickOff(file, id)
        },
        [Symbol.asyncDispose]: async () => {
          await settle(id)
        },
      })
    },
    leave: () => open.clear(),
    [Symbol.asyncDispose]: async () => {
      for (const { id } of inOrder(open)) {
        const failure = await settle(id)
        if (failure !== undefined) onFailure(failure)
      }
    },
  }
}

interface Entry {
  readonly id: number
  readonly effect: Effect
}

/**
 * Latest first, but before all others the processes: what they hold open cannot be undone. Before these only the groups
 * that some of them were taken to: back in the group of the run they are found.
 */
function inOrder(effects: ReadonlyMap<number, Effect>): Entry[] {
  const entries = [...effects].map(([id, effect]) => ({ id, effect })).toReversed()
  const rank = ({ effect: { type } }: Entry): number =>
    type === 'control-group' ? 0 : type === 'processes' || type === 'stopped' ? 1 : 2
  return entries.toSorted((a, b) => rank(a) - rank(b))
}

/** What a ledger left behind by a dead process still has to undo, in the order in which to do so. */
export interface LedgerState {
  readonly run: string
  /** Whether the process that owns the run is alive, as far as can be seen from here. */
  readonly alive: boolean
  /** Why it is taken to be alive although it cannot be seen. */
  readonly reason?: string
  readonly left: readonly Entry[]
}

/**
 * Reads a ledger; torn or foreign lines are skipped. Undefined when it names no run. Throws an EnvironmentError when
 * somebody else may have written it.
 */
export function readLedger(file: string): LedgerState | undefined {
  let owner: Owner | undefined
  const left = new Map<number, Effect>()
  for (const line of readLines(file)) {
    if ('run' in line) owner = line
    else if ('undone' in line) left.delete(line.undone)
    else left.set(line.id, line.effect)
  }
  if (owner === undefined) return undefined
  return { run: owner.run, ...aliveness(owner), left: inOrder(left) }
}

/** Undoes everything a dead run left, and gives one sentence for each effect. */
export async function settleLedger(file: string, state: LedgerState): Promise<string[]> {
  const sentences: string[] = []
  const standing: string[] = []
  for (const { id, effect } of state.left) {
    const above = 'path' in effect ? effect.path : undefined
    // Without the mount below which it lies, the next sweep could not find it any more.
    if (above !== undefined && standing.some((path) => path.startsWith(`${above}/`))) {
      sentences.push(`could not undo ${describe(effect)}: something below it still stands`)
      continue
    }
    try {
      await undo(effect, state.run)
      tickOff(file, id)
      sentences.push(`undid ${describe(effect)}`)
    } catch (error) {
      if (above !== undefined) standing.push(above)
      sentences.push(`could not undo ${describe(effect)}: ${messageOf(error)}`)
    }
  }
  return sentences
}

function append(file: string, line: Line): void {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants
  const descriptor = openSync(file, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o644)
  try {
    appendFileSync(descriptor, `${JSON.stringify(line)}\n`)
  } finally {
    closeSync(descriptor)
  }
}

/** On a full disk the effect is undone all the same, and undone once more by the next sweep, which does no harm. */
function tickOff(file: string, id: number): void {
  try {
    append(file, { undone: id })
  } catch {
    // Said above.
  }
}

function describe(effect: Effect): string {
  switch (effect.type) {
    case 'path':
      return `file ${effect.path}`
    case 'mount':
      return `mount ${effect.path}`
    case 'restore':
      return `value of ${effect.path}`
    case 'stopped':
      return `stopped process ${effect.pid}`
    case 'processes':
      return `processes of run ${effect.run}`
    case 'link':
      return `network interface ${effect.name}`
    case 'filler':
      return `file that fills a disk, ${effect.path}`
    case 'control-group':
      return `control group ${effect.path}`
    case 'clock':
      return `clock ${effect.path}`
    case 'tracefs-instance':
      return `trace instance ${effect.path}`
    case 'remote':
      return `${describe(effect.effect)} on ${effect.host.destination}`
    case 'kubernetes-objects':
      return `Kubernetes objects of ${effect.manifest}`
    case 'kubernetes-state':
      return `Kubernetes objects as they were before, ${effect.manifest}`
    case 'helm-release':
      return `Helm release ${effect.release}`
    case 'kind-cluster':
      return `kind cluster ${effect.cluster}`
  }
}
