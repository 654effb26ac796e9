/**
 * A hunt is a directory: `hunt.json` says what is asked, `trials.jsonl` has a line when a trial is planned and one when
 * its outcome is known, `trials/<number>/` holds its run. Killed at any moment it can be gone on with: a trial without
 * an outcome is looked up in its run, and no number is ever used twice.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { EnvironmentError, hasCode, messageOf, UserError } from '../base/errors.ts'
import type { Answer, Point, Trial, TrialRecord } from '../model/hunt.ts'
import { aliveness, ownerOf, type Owner } from '../node/ledger-lines.ts'
import type { HuntSection } from '../plugin/hunt-section.ts'
import { newRunId } from '../store/run-directory.ts'
import { addedRuns } from './added.ts'
import { runFiles, type RunFiles } from '../store/run-files.ts'

export interface HuntRecord {
  readonly version: 1
  readonly id: string
  /** Path of the definition, absolute. */
  readonly definition: string
  readonly section: HuntSection
  /** `-p` of all runs, as typed. */
  readonly parameters: Readonly<Record<string, string>>
  /** The point of a screening that is the definition as it stands, as far as the factors have its values. */
  readonly start?: Point
  /** The definition uses the directory of the commit's files. */
  readonly checkout?: true
  /** Versions of a bisection, oldest first, with their parents; read once, so that it stays the same hunt. */
  readonly versions?: { readonly labels: readonly string[]; readonly parents: readonly (readonly number[])[] }
}

export interface HuntDirectory extends Disposable {
  readonly path: string
  readonly record: HuntRecord
  /** Text of the definition when the hunt began. */
  readonly text: string
  readonly trials: readonly TrialRecord[]
  /** Directory for the run of a trial. */
  trialDirectory(number: number): string
  /** Directory with the files of built commits, which later runs of them use again. */
  readonly checkouts: string
  /** The next trial, written before it begins. */
  plan(trial: Pick<Trial, 'point' | 'why' | 'endsAt'>): TrialRecord
  /** Runs that were added and are not yet among the trials, as trials that are not yet written. */
  added(): readonly TrialRecord[]
  settle(trial: TrialRecord): void
  /** What is known now, for whoever looks at it from outside. */
  save(answer: Answer): void
}

/** `hunt` in the name tells it from a run. */
export const newHuntId = (definition: string, at: Date): string =>
  newRunId(`hunt-${basename(definition)}`, at)

/** Makes the directory of a new hunt below `root`. */
export function createHunt(root: string, record: HuntRecord, text: string): HuntDirectory {
  const path = join(resolve(root), record.id)
  try {
    mkdirSync(join(path, 'trials'), { recursive: true })
    const files = filesOf(path)
    files.write('definition.yaml', text)
    files.write('hunt.json', `${JSON.stringify(record, null, 2)}\n`)
  } catch (error) {
    throw new EnvironmentError(`cannot make the hunt directory ${path}: ${messageOf(error)}`, {
      remedy: 'choose another place: --runs DIRECTORY',
      cause: error,
    })
  }
  return openHunt(path)
}

/** Whether a path is that of a hunt directory. */
export const isHunt = (path: string): boolean => existsSync(join(path, 'hunt.json'))

/** Opens a hunt for this process alone. Throws a UserError when it is none, or when another process hunts on in it. */
export function openHunt(path: string): HuntDirectory {
  const record = readHunt(path)
  const lock = join(path, 'hunter.json')
  takeLock(lock, record.id)
  const trials = new Map(readTrials(path).map((trial) => [trial.number, trial]))
  const files = filesOf(path)
  const next = (): number => Math.max(0, ...trials.keys()) + 1
  const put = (trial: TrialRecord): void => {
    files.append(TRIALS, trial)
    trials.set(trial.number, trial)
  }
  return {
    path,
    record,
    text: readFileSync(join(path, 'definition.yaml'), 'utf8'),
    get trials() {
      return [...trials.values()].toSorted((a, b) => a.number - b.number)
    },
    trialDirectory: (number) => join(path, 'trials', String(number)),
    checkouts: join(path, 'checkouts'),
    plan: (planned) => {
      const trial: TrialRecord = { number: next(), ...planned, outcome: 'running', seconds: 0 }
      put(trial)
      return trial
    },
    added: () =>
      addedRuns(path, [...trials.values()], (number) => runOf(join(path, 'trials', String(number)))).map(
        (one, index) => ({ number: next() + index, ...one, outcome: 'running', seconds: 0 }),
      ),
    settle: put,
    save: (answer) => files.write('answer.json', `${JSON.stringify(answer, null, 2)}\n`),
    [Symbol.dispose]: () => rmSync(lock, { force: true }),
  }
}

/** Reads `hunt.json`. */
export function readHunt(path: string): HuntRecord {
  const file = join(path, 'hunt.json')
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as HuntRecord
    if (record.version === 1) return record
  } catch (error) {
    throw new UserError(`${path} is not a hunt directory: ${messageOf(error)}`, {
      remedy: 'name a definition, or a directory that `quarry hunt` made',
      cause: error,
    })
  }
  throw new UserError(`${file} is of another version of Quarry`)
}

/** Later lines replace earlier ones of the same number; one that a kill tore in two is as if it had not been written. */
export function readTrials(path: string): TrialRecord[] {
  const file = join(path, TRIALS)
  const trials = new Map<number, TrialRecord>()
  if (!existsSync(file)) return []
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    try {
      const trial = JSON.parse(line) as TrialRecord
      if (typeof trial.number === 'number') trials.set(trial.number, trial)
    } catch {
      // Torn.
    }
  }
  return [...trials.values()]
}

/** The run of a trial: the only directory in its own. */
export function runOf(trialDirectory: string): string | undefined {
  try {
    const [run] = readdirSync(trialDirectory).filter((name) =>
      existsSync(join(trialDirectory, name, 'run.json')),
    )
    return run === undefined ? undefined : join(trialDirectory, run)
  } catch {
    return undefined
  }
}

const TRIALS = 'trials.jsonl'

/** Small files, of which none may be lost: what the file system refuses ends the hunt, which can be gone on with. */
const filesOf = (path: string): RunFiles =>
  runFiles(path, (error) => {
    throw new EnvironmentError(`cannot write to ${path}: ${messageOf(error)}`, {
      remedy: `make room, then: quarry hunt ${path}`,
      cause: error,
    })
  })

/** Names this process as the one that hunts in a directory; a UserError when another one does. */
function takeLock(file: string, hunt: string): void {
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(ownerOf(hunt)), { flag: 'wx' })
      return
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    const holder = ownerIn(file)
    const { alive, reason } = holder === undefined ? { alive: false } : aliveness(holder)
    if (alive && holder !== undefined)
      throw new UserError(
        `process ${holder.pid} hunts on in it${reason === undefined ? '' : `: ${reason}`}`,
        {
          remedy: `wait for it, or: kill ${holder.pid}`,
        },
      )
    rmSync(file, { force: true })
  }
}

/** Undefined when its writer was killed in the middle. */
function ownerIn(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner
  } catch {
    return undefined
  }
}
