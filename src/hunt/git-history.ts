/** A git history as versions to bisect, and a commit's files to build. The repository is only read. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError, UserError } from '../base/errors.ts'
import { startProcess, type ProcessResult } from '../base/process.ts'

export interface History {
  /** Commits, oldest first: those that `bad` contains and `good` does not. */
  readonly labels: readonly string[]
  readonly parents: readonly (readonly number[])[]
}

async function git(repo: string, args: readonly string[], signal: AbortSignal): Promise<ProcessResult> {
  await using running = await startProcess(['git', '-C', repo, ...args], { signal }).catch(
    (error: unknown) => {
      if (!(error instanceof EnvironmentError)) throw error
      throw new EnvironmentError(error.message, { remedy: 'apt-get install -y git', cause: error })
    },
  )
  return await running.done
}

/** Throws a UserError with git's own words when it is no repository, or a commit is not in it. */
export async function readHistory(
  { repo, good, bad }: { readonly repo: string; readonly good: string; readonly bad: string },
  signal: AbortSignal,
): Promise<History> {
  const range = ['rev-list', '--topo-order', '--reverse', '--parents', bad, `^${good}`, '--']
  const { ok, stdout, stderr } = await git(repo, range, signal)
  if (!ok)
    throw new UserError(`git: ${stderr.trim()}`, { remedy: `look at: git -C ${repo} log ${good}..${bad}` })
  const lines = stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '))
  const labels = lines.map(([commit = '']) => commit)
  if (labels.length < 2)
    throw new UserError(`${good}..${bad} has ${labels.length} commits: there is nothing to choose from`)
  const indexOf = new Map(labels.map((label, index) => [label, index]))
  const parents = lines.map(([, ...list]) =>
    list.flatMap((parent) => {
      const index = indexOf.get(parent)
      return index === undefined ? [] : [index]
    }),
  )
  return { labels, parents }
}

/** Files of commits, each built once however many trials want it. */
export interface Checkouts {
  /** Builds it below `directory`, unless that has been done; gives what went wrong, or undefined. */
  prepare(commit: string, signal: AbortSignal): Promise<string | undefined>
}

export function createCheckouts(
  history: { readonly repo: string; readonly build?: string | undefined },
  directory: string,
): Checkouts {
  const building = new Map<string, Promise<string | undefined>>()
  return {
    prepare: async (commit, signal) => {
      const known = building.get(commit) ?? checkOut(history, commit, join(directory, commit), signal)
      building.set(commit, known)
      try {
        const broken = await known
        // It may be the machine: the next trial of it builds again.
        if (broken !== undefined) building.delete(commit)
        return broken
      } catch (error) {
        building.delete(commit)
        throw error
      }
    },
  }
}

/**
 * The files of a commit, built, in `directory`; a second call finds them there. Gives what went wrong, or undefined.
 * One that a kill left half done is begun anew.
 */
async function checkOut(
  { repo, build }: { readonly repo: string; readonly build?: string | undefined },
  commit: string,
  directory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const done = join(directory, '..', `${commit}.built`)
  if (existsSync(done)) return undefined
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const script = `set -euo pipefail; git -C "$1" archive "$2" | tar -x`
  const steps = [
    ['bash', '-c', script, 'checkout', repo, commit],
    ...(build === undefined ? [] : [['bash', '-ec', build]]),
  ]
  for (const command of steps) {
    await using running = await startProcess(command, { cwd: directory, signal })
    const { ok, exitCode, stdout, stderr } = await running.done
    if (ok) continue
    const output = `${stdout}${stderr}`.trim().split('\n').slice(-3).join(' / ')
    return `${command === steps[0] ? 'its files cannot be read' : 'the build failed'} (exit ${exitCode ?? '?'}): ${output}`
  }
  writeFileSync(done, '')
  return undefined
}
