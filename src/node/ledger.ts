/**
 * The undo ledger of one run, `undo.jsonl`: an effect is written before it is made and ticked off after it is undone.
 *
 * The first line names the process that owns the run, so that a sweep never undoes a run that is still alive.
 * Lines are appended with one write each; a process killed in between leaves a torn last line, which is skipped.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { messageOf } from '../base/errors.ts'
import { isAlive, processStat } from '../base/process-tree.ts'
import type { Effect, UndoLedger } from '../plugin/undo.ts'
import { undo } from './effects.ts'

type Line =
  | { readonly run: string; readonly pid: number; readonly started: string }
  | { readonly id: number; readonly effect: Effect }
  | { readonly undone: number }

/** A ledger that undoes what is left, latest first, when it is disposed. */
export interface OwnedLedger extends UndoLedger, AsyncDisposable {}

/** Starts the ledger of a run that this process owns. Failures to undo are reported to `onFailure`, and kept. */
export function openLedger(file: string, run: string, onFailure: (sentence: string) => void): OwnedLedger {
  const write = (line: Line): void => appendFileSync(file, `${JSON.stringify(line)}\n`)
  write({ run, pid: process.pid, started: processStat(process.pid)?.started ?? '' })
  const open = new Map<number, Effect>()
  let last = 0

  const settle = async (id: number): Promise<void> => {
    const effect = open.get(id)
    if (effect === undefined) return
    open.delete(id)
    try {
      await undo(effect)
      tickOff(file, id)
    } catch (error) {
      onFailure(`could not undo ${describe(effect)}: ${messageOf(error)}`)
    }
  }

  return {
    record: (effect) => {
      last += 1
      const id = last
      write({ id, effect })
      open.set(id, effect)
      return Promise.resolve({ [Symbol.asyncDispose]: () => settle(id) })
    },
    [Symbol.asyncDispose]: async () => {
      for (const { id } of inOrder(open)) await settle(id)
    },
  }
}

interface Entry {
  readonly id: number
  readonly effect: Effect
}

/** Latest first, but before all others the processes: what they hold open cannot be undone. */
function inOrder(effects: ReadonlyMap<number, Effect>): Entry[] {
  const entries = [...effects].map(([id, effect]) => ({ id, effect })).toReversed()
  const isProcesses = ({ effect }: Entry): boolean => effect.type === 'processes'
  return [...entries.filter(isProcesses), ...entries.filter((entry) => !isProcesses(entry))]
}

/** What a ledger left behind by a dead process still has to undo, in the order in which to do it. */
export interface LedgerState {
  readonly run: string
  /** Whether the process that owns the run is alive. */
  readonly alive: boolean
  readonly left: readonly Entry[]
}

/** Reads a ledger; torn or foreign lines are skipped. Undefined when it names no run. */
export function readLedger(file: string): LedgerState | undefined {
  let owner: Extract<Line, { run: string }> | undefined
  const left = new Map<number, Effect>()
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    const line = parseLine(text)
    if (line === undefined) continue
    if ('run' in line) owner = line
    else if ('undone' in line) left.delete(line.undone)
    else left.set(line.id, line.effect)
  }
  if (owner === undefined) return undefined
  return {
    run: owner.run,
    alive: isAlive(owner),
    left: inOrder(left),
  }
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
      await undo(effect)
      tickOff(file, id)
      sentences.push(`undid ${describe(effect)}`)
    } catch (error) {
      if (above !== undefined) standing.push(above)
      sentences.push(`could not undo ${describe(effect)}: ${messageOf(error)}`)
    }
  }
  return sentences
}

/** On a full disk the effect is undone all the same, and undone once more by the next sweep, which does no harm. */
function tickOff(file: string, id: number): void {
  try {
    appendFileSync(file, `${JSON.stringify({ undone: id })}\n`)
  } catch {
    // Said above.
  }
}

function parseLine(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Line) : undefined
  } catch {
    return undefined
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
    case 'tracefs-instance':
      return `trace instance ${effect.path}`
  }
}
