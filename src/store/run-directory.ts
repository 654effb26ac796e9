/**
 * The run directory is the truth: everything known of a run is a file in it, written so that a process killed at any
 * moment leaves a directory that can be read.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, symlink, unlink } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { EnvironmentError, UserError, messageOf } from '../base/errors.ts'
import { diskError } from '../evidence/disk-error.ts'
import type { RunRecord } from '../model/run.ts'
import { readLedger } from '../node/ledger.ts'
import { releaseSpace, reserveSpace, runFiles } from './run-files.ts'
import type { RunFiles } from './run-files.ts'

/** Where runs go unless a command says otherwise. */
export function defaultRunsRoot(): string {
  return resolve(process.env['QUARRY_RUNS'] ?? 'runs')
}

/** Symbolic links to the directories of runs that have not ended: how `quarry sweep` finds them. */
export function openRunsDirectory(): string {
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state')
  return join(state, 'quarry', 'open-runs')
}

export interface RunDirectory extends RunFiles {
  readonly id: string
  readonly path: string
  /** Path of a file or folder below the run directory. */
  file(...parts: string[]): string
  /** Replaces run.json in one step. */
  save(record: RunRecord): void
  /** Tells the sweep of this run. Its ledger must have been opened, for that says whose run it is. */
  register(): Promise<void>
  /** Gives free the space that was kept back: the record has been written, and what is still to come may have it. */
  release(): void
  /** The run has ended. A sweep need not look at it, unless it left something behind. */
  close(): Promise<void>
}

function slugOf(definitionFile: string): string {
  const slug = basename(definitionFile)
    .replace(/\.ya?ml$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '')
  return slug === '' ? 'run' : slug
}

/** Ids sort by time (UTC: no hour comes twice) and name their definition: `20261121-114503-negative-dentries-3fa2`. */
export function newRunId(definitionFile: string, at: Date): string {
  const [day = '', time = ''] = at
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .split('T')
  return `${day}-${time}-${slugOf(definitionFile)}-${randomBytes(2).toString('hex')}`
}

/**
 * Makes a new run directory; an EnvironmentError says why it cannot be. `onRefused` is told of each write that the file
 * system refuses later, which loses what was to be written and nothing else. All text goes through `mask`.
 */
export async function createRunDirectory(
  root: string,
  id: string,
  onRefused: (error: Error) => void,
  mask?: (text: string) => string,
): Promise<RunDirectory> {
  const path = join(resolve(root), id)
  const link = join(openRunsDirectory(), id)
  let made = false
  const orRefuse = async (doing: string, action: () => unknown): Promise<void> => {
    try {
      await action()
    } catch (error) {
      if (made) await rm(path, { recursive: true, force: true }).catch(() => undefined)
      throw new EnvironmentError(`cannot ${doing}: ${messageOf(error)}`, {
        code: 'QUARRY_RUN_DIRECTORY',
        remedy: remedyFor(error),
        cause: error,
      })
    }
  }
  await orRefuse(`make the run directory ${path}`, async () => {
    await makeDirectories(resolve(root))
    await mkdir(path)
    made = true
    await mkdir(join(path, 'evidence', 'raw'), { recursive: true })
    await mkdir(join(path, 'logs'))
    reserveSpace(path)
  })
  const files = runFiles(path, (error) => onRefused(diskError(error, `write to ${path}`)), mask)
  return {
    ...files,
    id,
    path,
    file: (...parts) => join(path, ...parts),
    save: (record) => files.write('run.json', `${JSON.stringify(record, null, 2)}\n`),
    register: () =>
      orRefuse(`note the run in ${openRunsDirectory()}, from where \`quarry sweep\` knows it`, async () => {
        await makeDirectories(openRunsDirectory())
        await symlink(path, link)
      }),
    release: () => releaseSpace(path),
    close: async () => {
      releaseSpace(path)
      if (!leftSomething(join(path, 'undo.jsonl'))) await unlink(link).catch(() => undefined)
    },
  }
}

/** Whether a ledger has effects that could not be undone. */
function leftSomething(ledger: string): boolean {
  try {
    return (readLedger(ledger)?.left.length ?? 0) > 0
  } catch {
    // None was opened.
    return false
  }
}

function remedyFor(error: unknown): string {
  const told = diskError(error, '')
  const remedy = told instanceof EnvironmentError ? told.remedy : undefined
  return `${remedy ?? 'choose another place'}: --runs DIRECTORY, and XDG_STATE_HOME for what the sweep needs`
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
    // A directory without a record is no run: something that was killed before it had one, or somebody else's.
    for (const id of ids.toReversed()) {
      const record = await readRunRecord(join(root, id)).catch(() => undefined)
      if (record !== undefined) return join(root, id)
    }
    throw new UserError(`there is no run in ${root}`, {
      code: 'QUARRY_NO_RUN',
      remedy: '`quarry run` makes one; --runs DIRECTORY or QUARRY_RUNS says where runs are',
    })
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

/**
 * The latest run below `root` of a definition file of this name that is as wanted, or undefined. The path says nothing
 * more: a record has it as it was typed, wherever that was.
 */
export async function latestRun(
  root: string,
  definition: string,
  isWanted: (record: RunRecord, directory: string) => boolean | Promise<boolean>,
): Promise<{ directory: string; record: RunRecord } | undefined> {
  for (const directory of (await directoriesOf(root, definition)).toReversed()) {
    const record = await recordOf(directory, definition)
    if (record !== undefined && (await isWanted(record, directory))) return { directory, record }
  }
  return undefined
}

/** The runs below `root` of a definition file of this name that ended, the oldest first; at most the last `most`. */
export async function endedRuns(
  root: string,
  definition: string,
  most: number,
): Promise<{ directory: string; record: RunRecord }[]> {
  const found: { directory: string; record: RunRecord }[] = []
  for (const directory of (await directoriesOf(root, definition)).toReversed()) {
    if (found.length >= most) break
    const record = await recordOf(directory, definition)
    if (record?.state === 'ended') found.push({ directory, record })
  }
  return found.reverse()
}

/** Only those whose id has the definition's name: there may be thousands of runs. In order of time. */
async function directoriesOf(root: string, definition: string): Promise<string[]> {
  const ids = (await readdir(root).catch((): string[] => [])).toSorted()
  return ids.filter((one) => one.includes(`-${slugOf(definition)}-`)).map((id) => join(root, id))
}

async function recordOf(directory: string, definition: string): Promise<RunRecord | undefined> {
  const record = await readRunRecord(directory).catch(() => undefined)
  return record !== undefined && basename(record.definition) === basename(definition) ? record : undefined
}

/** Like `mkdir -p`. Node's own recursive mkdir never ends where a file system says ENOENT for good, as procfs does. */
async function makeDirectories(path: string): Promise<void> {
  if (existsSync(path)) return
  if (dirname(path) !== path) await makeDirectories(dirname(path))
  await mkdir(path).catch((error: unknown) => {
    if (!existsSync(path)) throw error
  })
}
