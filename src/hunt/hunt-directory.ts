/**
 * A hunt is a directory: `hunt.json` says what is asked, `trials.jsonl` has a line when a trial is planned and one when
 * its outcome is known, `trials/<number>/` holds its run. Killed at any moment it can be gone on with: a trial without
 * an outcome is looked up in its run, and no number is ever used twice.
 */
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { EnvironmentError, UserError, messageOf } from '../base/errors.ts'
import { isAlive, processStat } from '../base/process-tree.ts'
import type { Answer, Trial, TrialRecord } from '../model/hunt.ts'
import type { HuntSection } from '../plugin/hunt-section.ts'

export interface HuntRecord {
  readonly version: 1
  readonly id: string
  /** Path of the definition, absolute. */
  readonly definition: string
  readonly section: HuntSection
  /** `-p` of all runs, as typed. */
  readonly parameters: Readonly<Record<string, string>>
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
  plan(trial: Pick<Trial, 'point' | 'why'>): TrialRecord
  settle(trial: TrialRecord): void
  /** What is known now, for whoever looks at it from outside. */
  save(answer: Answer): void
}

/** `hunt` in the name tells it from a run. */
export function newHuntId(definition: string, at: Date): string {
  const [day = '', time = ''] = at
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .split('T')
  const slug = basename(definition)
    .replace(/\.ya?ml$/, '')
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .slice(0, 40)
  return `${day}-${time}-hunt-${slug}-${randomBytes(2).toString('hex')}`
}

/** Makes the directory of a new hunt below `root`. */
export function createHunt(root: string, record: HuntRecord, text: string): HuntDirectory {
  const path = join(resolve(root), record.id)
  try {
    mkdirSync(join(path, 'trials'), { recursive: true })
    writeFileSync(join(path, 'definition.yaml'), text)
    writeWhole(join(path, 'hunt.json'), record)
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
  takeLock(lock)
  const file = join(path, 'trials.jsonl')
  const trials = new Map(readTrials(file).map((trial) => [trial.number, trial]))
  const append = (line: unknown): void => {
    try {
      appendFileSync(file, `${JSON.stringify(line)}\n`)
    } catch (error) {
      throw new EnvironmentError(`cannot write ${file}: ${messageOf(error)}`, {
        remedy: `make room, then: quarry hunt ${path}`,
        cause: error,
      })
    }
  }
  const put = (trial: TrialRecord): void => {
    append(trial)
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
    plan: ({ point, why }) => {
      const number = Math.max(0, ...trials.keys()) + 1
      const trial: TrialRecord = { number, point, why, outcome: 'running', seconds: 0 }
      put(trial)
      return trial
    },
    settle: put,
    save: (answer) => writeWhole(join(path, 'answer.json'), answer),
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
export function readTrials(file: string): TrialRecord[] {
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

function writeWhole(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

function takeLock(file: string): void {
  const own = { pid: process.pid, started: processStat(process.pid)?.started ?? '' }
  for (;;) {
    try {
      const descriptor = openSync(file, 'wx')
      writeSync(descriptor, JSON.stringify(own))
      closeSync(descriptor)
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    let holder: { pid: number; started: string } | undefined
    try {
      holder = JSON.parse(readFileSync(file, 'utf8'))
    } catch {
      // Its writer was killed in the middle.
    }
    if (holder !== undefined && isAlive(holder))
      throw new UserError(`process ${holder.pid} hunts on in it`, {
        remedy: `wait for it, or: kill ${holder.pid}`,
      })
    rmSync(file, { force: true })
  }
}
