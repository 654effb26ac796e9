/** Packages as apt knows them, and taken apart without being installed: it needs no root, and leaves the host as it is. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readdir } from 'node:fs/promises'
import { EnvironmentError } from '../../base/errors.ts'
import { runProcess, type ProcessOptions, type ProcessResult } from '../../base/process.ts'

/** A package at one version. */
export interface Package {
  readonly name: string
  readonly version: string
  /** Of the archive that is downloaded, in bytes. */
  readonly bytes: number
  /** The first line of its description. */
  readonly summary: string
  /** Names of packages that it depends on. */
  readonly depends: readonly string[]
}

/** Names of the packages that match a regular expression of POSIX; none when apt's lists are empty. */
export async function packagesNamed(pattern: string, signal: AbortSignal): Promise<string[]> {
  const { stdout } = await apt(['apt-cache', 'search', '--names-only', pattern], { signal })
  return stdout.split('\n').flatMap((line) => /^(\S+) - /.exec(line)?.[1] ?? [])
}

/** Packages by name or `name=version`, each at the version that would be installed; those that do not exist are left out. */
export async function packagesOf(names: readonly string[], signal: AbortSignal): Promise<Package[]> {
  if (names.length === 0) return []
  const { stdout } = await apt(['apt-cache', 'show', '--no-all-versions', '--', ...names], {
    signal,
    mayFail: true,
  })
  return stdout
    .split(/\n\n+/)
    .flatMap((stanza) => parseStanza(stanza))
    .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index)
}

function parseStanza(stanza: string): Package[] {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1]?.trim()
  const name = field('Package')
  const version = field('Version')
  if (name === undefined || version === undefined) return []
  const depends = (field('Depends') ?? '')
    .split(',')
    .flatMap((part) => /^\s*([^\s(:|]+)/.exec(part)?.[1] ?? [])
  const summary = field('Description(?:-\\w+)?') ?? ''
  return [{ name, version, bytes: Number(field('Size') ?? 0), summary, depends }]
}

/** Where the versions of a package come from: `version` and a suite such as `bookworm-security`, the newest first. */
export async function originsOf(
  name: string,
  signal: AbortSignal,
): Promise<readonly { readonly version: string; readonly suite: string }[]> {
  const { stdout } = await apt(['apt-cache', 'madison', '--', name], { signal })
  return stdout.split('\n').flatMap((line) => {
    const [, version, source = ''] = line.split('|').map((cell) => cell.trim())
    const suite = /\s([^\s/]+)\/\S+\s/.exec(source)?.[1]
    return version === undefined || suite === undefined ? [] : [{ version, suite }]
  })
}

/** Downloads a package, and unpacks it below `directory`. Throws an EnvironmentError when apt cannot get it. */
export async function unpackPackage(
  wanted: Pick<Package, 'name' | 'version'>,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const target = `${wanted.name}=${wanted.version}`
  // As root it would otherwise become a user who cannot write here, and warn of it.
  const command = ['apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download', '--', target]
  await apt(command, { signal, cwd: directory })
  const archive = (await readdir(directory)).find((name) => name.endsWith('.deb'))
  if (archive === undefined) throw new EnvironmentError(`apt-get download ${target} brought no package`)
  await unpackArchive(join(directory, archive), directory, signal)
  await rm(join(directory, archive))
}

/** Unpacks the files of a `.deb` below `directory`; none of its scripts is run. */
export async function unpackArchive(archive: string, directory: string, signal: AbortSignal): Promise<void> {
  await apt(['dpkg-deb', '-x', archive, directory], { signal })
}

interface AptOptions extends ProcessOptions {
  readonly signal: AbortSignal
  /** An exit code other than 0 is no error. */
  readonly mayFail?: boolean
}

async function apt(command: readonly string[], options: AptOptions): Promise<ProcessResult> {
  const { mayFail = false, ...processOptions } = options
  const result = await runProcess(command, {
    env: { LC_ALL: 'C' },
    maxBytes: 64 * 2 ** 20,
    ...processOptions,
  })
  const [program = ''] = command
  if (result.exitCode === 127) {
    throw new EnvironmentError(`${program} is not there: Debian's kernels come by apt`, {
      remedy: 'use a host with Debian or a descendant of it, or a container of it',
    })
  }
  if (result.ok || mayFail) return result
  const errors = result.stderr.split('\n').filter((line) => line.startsWith('E: ') || line.includes('error'))
  throw new EnvironmentError(
    `${command.join(' ')}: ${errors.join('; ') || result.stderr.trim() || `exit code ${result.exitCode}`}`,
    { remedy: 'apt-get update' },
  )
}
