/**
 * Runs that a hunt did not make itself, but was given: made by hand, or on another machine. Each is a file of its own,
 * named by the id of the run, so that a run is there once however often and by however many it is added, also while a
 * hunt goes on, which takes them up at its next choice.
 */
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hasCode } from '../base/errors.ts'
import type { TrialRecord } from '../model/hunt.ts'

/** What is kept of a run until the hunt takes it up. */
export type Added = Pick<TrialRecord, 'point' | 'why' | 'endsAt'> & {
  readonly added: string
  /** Its directory, absolute. */
  readonly run: string
}

const folder = (hunt: string): string => join(hunt, 'added')

/** Leaves a run for the hunt; false when it is there already. */
export function leaveRun(hunt: string, added: Added): boolean {
  mkdirSync(folder(hunt), { recursive: true })
  const file = join(folder(hunt), `${added.added}.json`)
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(added)}\n`)
  try {
    // Unlike a rename, this refuses to replace what another process has left.
    linkSync(draft, file)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** The runs that were left and are in no trial yet, in the order of their ids. */
export function addedRuns(
  hunt: string,
  trials: readonly TrialRecord[],
  runOf: (number: number) => string | undefined,
): Added[] {
  if (!existsSync(folder(hunt))) return []
  const taken = new Set(trials.map(({ added }) => added))
  const left = readdirSync(folder(hunt))
    .filter((name) => name.endsWith('.json') && !taken.has(name.slice(0, -'.json'.length)))
    .toSorted()
  if (left.length === 0) return []
  const own = new Set(trials.map(({ number }) => basename(runOf(number) ?? '')))
  return left
    .map((name) => JSON.parse(readFileSync(join(folder(hunt), name), 'utf8')) as Added)
    .filter(({ added }) => !own.has(added))
}
