/**
 * The run directory is the truth: everything known of a run is a file in it, written so that a process killed at any
 * moment leaves a directory that can be read.
 */
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, readdir, symlink, unlink } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { EnvironmentError, UserError, messageOf } from '../base/errors.ts'
import type { RunRecord } from '../model/run.ts'

/** Where runs go unless a command says otherwise. */
export function defaultRunsRoot(): string {
  return resolve(process.env['QUARRY_RUNS'] ?? 'runs')
}

/** Symbolic links to the directories of runs that have not ended: how `quarry sweep` finds them. */
export function openRunsDirectory(): string {
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state')
  return join(state, 'quarry', 'open-runs')
}

export interface RunDirectory {
  readonly id: string
  readonly path: string
  /** Path of a file or folder below the run directory. */
  file(...parts: string[]): string
  /** Replaces run.json in one step. */
  save(record: RunRecord): void
  /** Appends a JSON line to a file such as history.jsonl. */
  append(name: string, line: unknown): void
  /** Replaces a text file in one step. */
  write(name: string, text: string): void
  /** The run has ended and left nothing behind: a sweep need not look at it. */
  close(): Promise<void>
}

const RESERVE_BYTES = 1024 * 1024

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

const pad = (value: number): string => String(value).padStart(2, '0')

/** Ids sort by time and name their definition: `20261121-114503-negative-dentries-3fa2`. */
export function newRunId(definitionFile: string, at: Date): string {
  const name = basename(definitionFile)
    .replace(/\.ya?ml$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  const day = `${at.getFullYear()}${pad(at.getMonth() + 1)}${pad(at.getDate())}`
  const time = `${pad(at.getHours())}${pad(at.getMinutes())}${pad(at.getSeconds())}`
  return `${day}-${time}-${name === '' ? 'run' : name}-${randomBytes(2).toString('hex')}`
}

/** Makes a new run directory and registers it for the sweep. */
export async function createRunDirectory(root: string, id: string): Promise<RunDirectory> {
  const path = join(resolve(root), id)
  try {
    await mkdir(join(path, 'evidence', 'raw'), { recursive: true })
    await mkdir(join(path, 'logs'), { recursive: true })
    await mkdir(openRunsDirectory(), { recursive: true })
    await symlink(path, join(openRunsDirectory(), id))
  } catch (error) {
    throw new EnvironmentError(`cannot make the run directory ${path}: ${messageOf(error)}`, {
      code: 'QUARRY_RUN_DIRECTORY',
      remedy: 'free some space, or name another place with --runs DIRECTORY',
      cause: error,
    })
  }
  const file = (...parts: string[]): string => join(path, ...parts)
  // Space kept back, so that the end of a run can still be written when its evidence has filled the disk.
  const reserve = file('.reserve')
  writeFileSync(reserve, Buffer.alloc(RESERVE_BYTES))
  const withReserve = (action: () => void): void => {
    try {
      action()
    } catch (error) {
      if (!isFull(error)) throw error
      rmSync(reserve, { force: true })
      action()
    }
  }
  const write = (name: string, text: string): void =>
    withReserve(() => {
      const part = file(`.${name}.part`)
      writeFileSync(part, text)
      renameSync(part, file(name))
    })
  return {
    id,
    path,
    file,
    write,
    save: (record) => write('run.json', `${JSON.stringify(record, null, 2)}\n`),
    append: (name, line) => withReserve(() => appendFileSync(file(name), `${JSON.stringify(line)}\n`)),
    close: async () => {
      rmSync(reserve, { force: true })
      await unlink(join(openRunsDirectory(), id)).catch(() => undefined)
    },
  }
}

/** Reads run.json; a UserError says what is wrong when it is not a run directory. */
export async function readRunRecord(directory: string): Promise<RunRecord> {
  let text: string
  try {
    text = await readFile(join(directory, 'run.json'), 'utf8')
  } catch (error) {
    throw new UserError(`${directory} is not a run directory: ${messageOf(error)}`, {
      code: 'QUARRY_NO_RUN',
      remedy: 'name a directory that `quarry run` made, or the id of a run below ./runs',
      cause: error,
    })
  }
  try {
    const record = JSON.parse(text) as RunRecord
    if (record.version === 1 && typeof record.id === 'string') return record
  } catch {
    // Said below.
  }
  throw new UserError(`${join(directory, 'run.json')} is not the record of a run`, { code: 'QUARRY_BAD_RUN' })
}

/** The directory a user means by a path, an id, the beginning of an id, or `last`. */
export async function findRun(word: string, root: string): Promise<string> {
  const asPath = resolve(word)
  const ids = (await readdir(root).catch((): string[] => [])).toSorted()
  if (word === 'last') {
    const last = ids.at(-1)
    if (last !== undefined) return join(root, last)
  }
  if (ids.includes(word)) return join(root, word)
  const matches = ids.filter((id) => id.startsWith(word) || id.endsWith(word))
  if (matches.length === 1 && matches[0] !== undefined) return join(root, matches[0])
  if (matches.length > 1) {
    throw new UserError(`${word} could be ${matches.slice(0, 5).join(', ')}`, {
      code: 'QUARRY_AMBIGUOUS_RUN',
      remedy: 'give more of the id',
    })
  }
  return asPath
}

/** Records of the runs below `root`, oldest first; directories that are no runs are left out. */
export async function listRuns(root: string): Promise<{ directory: string; record: RunRecord }[]> {
  const found: { directory: string; record: RunRecord }[] = []
  for (const id of (await readdir(root).catch((): string[] => [])).toSorted()) {
    const directory = join(root, id)
    try {
      found.push({ directory, record: await readRunRecord(directory) })
    } catch {
      // Something else lies there.
    }
  }
  return found
}
