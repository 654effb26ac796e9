/** Who descends from whom, read from /proc of this host. */
import { readdirSync, readFileSync } from 'node:fs'

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot at its start: field 22 of /proc/PID/stat, man 5 proc. */
  readonly started: string
}

export interface ProcessStat extends ProcessIdentity {
  readonly parent: number
  readonly group: number
  readonly session: number
  /** One letter; `Z` has ended and waits for its parent, `T` is stopped. */
  readonly state: string
}

/** /proc/PID/stat, or `undefined` when there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The command name stands in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group, session] = fields
  const started = fields[19]
  if (state === undefined || session === undefined || started === undefined) return undefined
  return { pid, state, parent: Number(parent), group: Number(group), session: Number(session), started }
}

/** Every process that there is now. */
export function allProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processStat(Number(name)))
    .filter((stat) => stat !== undefined)
}

/**
 * The processes below `pid`, whatever session they are in, and those of its process group and session whose parents
 * have ended. A daemon that left the session and lost its parent is not found: the undo ledger finds it by environment.
 */
export function descendantsOf(pid: number): ProcessStat[] {
  const processes = allProcesses()
  const members = new Set([pid])
  for (let before = 0; before !== members.size;) {
    before = members.size
    for (const { pid: id, parent, group, session } of processes) {
      if (members.has(parent) || group === pid || session === pid) members.add(id)
    }
  }
  members.delete(pid)
  return processes.filter((process) => members.has(process.pid))
}

/** Whether that very process still runs; one that only waits for its parent does not. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  const stat = processStat(pid)
  return stat !== undefined && stat.started === started && stat.state !== 'Z' && stat.state !== 'X'
}

/** Sends a signal to that very process; false when it has ended or is not ours to signal. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    return process.kill(identity.pid, signal)
  } catch {
    return false
  }
}
