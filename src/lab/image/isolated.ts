/**
 * Shell scripts that make a file system of a tree. The tree lies in a tmpfs of a mount namespace, and all processes in a
 * process namespace that dies with ours: however it ends, the kernel takes tree, mounts and processes away. As another
 * user than root all is done in a user namespace with ids of his own (subuid(5)).
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { throwIfAborted } from '../../base/abort.ts'
import { EnvironmentError } from '../../base/errors.ts'
import { linesOf } from '../../base/lines.ts'
import { startProcess } from '../../base/process.ts'

export interface ScriptOptions {
  /** Such as `a guest image`, for errors. */
  readonly what: string
  /** The script's `$1`, in which it leaves its results; then `$work` is an empty tmpfs that is gone when it has ended. */
  readonly directory: string
  /** From `$2` on. */
  readonly args: readonly string[]
  readonly signal: AbortSignal
  /** Told each line of standard error that begins with `I: `, without that. */
  readonly progress: (sentence: string) => void
}

const BEFORE = `
set -eu
work="$1/work"
mkdir "$work"
mount -t tmpfs -o mode=0755 tmpfs "$work"
export TMPDIR="$work"
`
const AFTER = `
cd /
umount "$work"
rmdir "$work"
`

/** Runs a script of sh; rejects with an EnvironmentError that has its last lines and what to type. */
export async function runIsolated(script: string, options: ScriptOptions): Promise<void> {
  const { what, directory, args, signal, progress } = options
  const isolated = [...(await isolation(what)), 'sh', '-c', BEFORE + script + AFTER, 'sh', directory, ...args]
  // There is nothing to be tidied up by those inside, and the first process of a namespace does not heed TERM.
  await using running = await startProcess(isolated, { signal, graceMs: 0, env: { LC_ALL: 'C' } })
  const said: string[] = []
  for await (const lines of linesOf(running.stderr, 1000)) {
    for (const line of lines) {
      if (line.startsWith('I: ')) progress(line.slice('I: '.length))
      else if (line.trim() !== '') said.push(line)
    }
  }
  const { ok } = await running.done
  throwIfAborted(signal)
  if (!ok) throw failed(what, said)
}

async function isolation(what: string): Promise<readonly string[]> {
  const mapped = process.getuid?.() === 0 ? [] : await mapping(what)
  const own = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc']
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...mapped, ...own]
}

async function mapping(what: string): Promise<readonly string[]> {
  const { username, uid } = userInfo()
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const lines = existsSync(file) ? (await readFile(file, 'utf8')).split('\n') : []
    if (lines.some((line) => [username, String(uid)].includes(line.split(':')[0] ?? ''))) continue
    const ids = '--add-subuids 100000-165535 --add-subgids 100000-165535'
    throw new EnvironmentError(`cannot build ${what}: ${username} has no ids of his own in ${file}`, {
      code: 'QUARRY_IMAGE',
      remedy: `run quarry as root, or: sudo apt-get install -y uidmap && sudo usermod ${ids} ${username}`,
    })
  }
  return ['--map-root-user', '--map-auto']
}

const PACKAGES: Readonly<Record<string, string>> = {
  depmod: 'kmod',
  mke2fs: 'e2fsprogs',
  mmdebstrap: 'mmdebstrap',
  newuidmap: 'uidmap',
}

function failed(what: string, said: readonly string[]): EnvironmentError {
  return new EnvironmentError(`cannot build ${what}: ${said.slice(-8).join('\n')}`, {
    code: 'QUARRY_IMAGE',
    remedy: remedyOf(said.join('\n')),
  })
}

function remedyOf(text: string): string {
  const absent = Object.keys(PACKAGES).find((tool) =>
    new RegExp(`${tool}: (.*not found|No such file)|failed to execute ${tool}`).test(text),
  )
  if (absent !== undefined) return `apt-get install -y ${PACKAGES[absent]}`
  const unknown = /Unable to locate package (\S+)/.exec(text)?.[1]
  if (unknown !== undefined) return `apt-cache search ${unknown} shows how the package is called`
  if (/No space left on device/.test(text))
    return 'free memory: a build takes about 1.5 GB, half of what there is at most'
  if (/Operation not permitted|Permission denied/.test(text))
    return 'run quarry as root; in a container, start that with docker run --privileged'
  return 'apt-get update shows whether the mirror of this host can be reached'
}
