/**
 * Debian packages, installed without what usually comes with them: no service of theirs is started, now or at the next
 * boot, because a daemon that nobody asked for is a neighbour that disturbs what is measured.
 */
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { throwIfAborted } from '../base/abort.ts'
import { EnvironmentError } from '../base/errors.ts'
import { runProcess, type ProcessResult } from '../base/process.ts'
import { processStat } from '../base/process-tree.ts'

export interface InstallOptions {
  /** Told each line that apt prints. */
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

export interface InstallResult {
  /** All that are new, with what they depend on. */
  readonly installed: readonly string[]
  readonly failed: readonly { readonly name: string; readonly why: string }[]
  /** Services of theirs that were kept from starting at boot. */
  readonly disabled: readonly string[]
}

const POLICY = '/usr/sbin/policy-rc.d'
const MARK = 'Written by "quarry doctor --install"'

/** The command that installs packages, for those who have to type it themselves. */
export const installCommand = (packages: readonly string[]): string =>
  `apt-get install -y ${packages.join(' ')}`

/** Installs packages, as root; package lists are fetched only when apt does not know where to get one. */
export async function installPackages(
  packages: readonly string[],
  options: InstallOptions,
): Promise<InstallResult> {
  const before = await installedPackages(options.signal)
  const failed: { name: string; why: string }[] = []
  {
    await using _policy = await forbidStarting()
    if (!(await apt(['install', ...packages], options)).ok) {
      await apt(['update'], options)
      // One by one, so that one unknown name does not keep the others away.
      for (const name of packages) {
        const result = await apt(['install', name], options)
        if (!result.ok) failed.push({ name, why: reasonOf(result) })
      }
    }
  }
  const installed = [...(await installedPackages(options.signal))]
    .filter((name) => !before.has(name))
    .toSorted()
  return { installed, failed, disabled: await disableServices(installed, options.signal) }
}

async function apt(
  [verb = '', ...names]: readonly string[],
  options: InstallOptions,
): Promise<ProcessResult> {
  const flags = verb === 'install' ? ['-y', '--no-install-recommends', '--no-upgrade'] : []
  options.progress(['apt-get', verb, ...flags, ...names].join(' '))
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', NEEDRESTART_SUSPEND: '1' }
  // Another apt may be at work, as on a machine that has just booted: wait for it.
  const command = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', verb, ...flags, '--', ...names]
  // An installation that is broken off leaves a broken system: an abort takes effect after it.
  throwIfAborted(options.signal)
  const result = await runProcess(command, { env })
  throwIfAborted(options.signal)
  for (const line of result.stderr.split('\n').filter((text) => text !== '')) options.progress(`  ${line}`)
  return result
}

function reasonOf({ stderr, exitCode }: ProcessResult): string {
  const errors = stderr.split('\n').filter((line) => line.startsWith('E: '))
  return errors.length > 0
    ? errors.map((line) => line.slice('E: '.length)).join('; ')
    : `apt-get exited with ${exitCode}`
}

async function installedPackages(signal: AbortSignal): Promise<Set<string>> {
  const command = ['dpkg-query', '-W', '-f', '${db:Status-Status} ${binary:Package}\n']
  const result = await runProcess(command, { signal })
  if (!result.ok) throw new EnvironmentError(`dpkg-query failed: ${result.stderr}`)
  const lines = result.stdout.split('\n').filter((line) => line.startsWith('installed '))
  return new Set(lines.map((line) => line.slice('installed '.length)))
}

/**
 * Answers maintainer scripts that no service may be started (exit 101, see invoke-rc.d(8)), until it is disposed. An
 * administrator's own policy stays. Should this process be killed, the policy takes itself away at the next question.
 */
async function forbidStarting(): Promise<AsyncDisposable> {
  const present = existsSync(POLICY) ? await readFile(POLICY, 'utf8') : undefined
  if (present?.includes(MARK) === false) return { [Symbol.asyncDispose]: async () => {} }
  const started = processStat(process.pid)?.started ?? ''
  const script = `#!/bin/sh
# ${MARK}, process ${process.pid}: what it installs starts no service.
[ "$(cut -d ' ' -f 22 /proc/${process.pid}/stat 2>/dev/null)" = "${started}" ] && exit 101
rm -f ${POLICY}
exit 0
`
  await writeFile(POLICY, script, { mode: 0o755 })
  return { [Symbol.asyncDispose]: () => rm(POLICY, { force: true }) }
}

/** Takes the services and timers of newly installed packages out of the boot, and stops what was started after all. */
async function disableServices(packages: readonly string[], signal: AbortSignal): Promise<string[]> {
  if (packages.length === 0) return []
  const { stdout } = await runProcess(['dpkg', '-L', ...packages], { signal })
  const paths = stdout.split('\n')
  const units = paths.flatMap(
    (path) => /\/systemd\/system\/([^/]+\.(?:service|timer|socket))$/.exec(path)?.[1] ?? [],
  )
  const scripts = paths.flatMap((path) => /^\/etc\/init\.d\/([^/]+)$/.exec(path)?.[1] ?? [])
  const booted = existsSync('/run/systemd/system')
  const disabled: string[] = []
  for (const unit of new Set(units)) {
    // It wants to be asked by a maintainer script only; unlike systemctl it is always there.
    const helper = { env: { DPKG_MAINTSCRIPT_PACKAGE: 'quarry' }, signal }
    if (!(await runProcess(['deb-systemd-helper', '--quiet', 'was-enabled', unit], helper)).ok) continue
    await runProcess(['deb-systemd-helper', 'disable', unit], helper)
    if (booted) await runProcess(['systemctl', 'stop', unit], { signal })
    disabled.push(unit)
  }
  for (const script of new Set(scripts)) {
    await runProcess(['update-rc.d', script, 'disable'], { signal })
    if (!disabled.some((unit) => unit.startsWith(`${script}.`))) disabled.push(script)
  }
  return disabled
}
