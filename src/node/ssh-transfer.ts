/** Directories through a connection, as `tar | tar`: the bytes go from process to process, and not through this one. */
import { spawn, type ChildProcess } from 'node:child_process'
import { open, stat } from 'node:fs/promises'
import { abortReason } from '../base/abort.ts'
import { EnvironmentError } from '../base/errors.ts'
import { captureOutput } from '../base/process-output.ts'
import { incoming } from './incoming.ts'
import type { SshConnection } from './ssh-connection.ts'
import { scriptLine } from './ssh-destination.ts'
import { shellWord } from './ssh-scripts.ts'

type Marks = Readonly<Record<string, string>>
type Signal = AbortSignal | undefined

/** Copies a file, or what is in a directory, to the other side. */
export async function sendTo(
  connection: SshConnection,
  from: string,
  to: string,
  marks: Marks,
  signal: Signal,
): Promise<void> {
  const doing = `copying ${from} to ${to}`
  const word = shellWord(to)
  const { isDirectory, mode } = await stat(from).then((found) => ({
    isDirectory: found.isDirectory(),
    mode: (found.mode & 0o777).toString(8),
  }))
  if (!isDirectory) {
    await using file = await open(from)
    const make = `mkdir -p "$(dirname ${word})" && cat >${word} && chmod ${mode} ${word}`
    await finish(
      [connection.open(scriptLine(make, marks), [file.fd, 'ignore', 'pipe'])],
      connection,
      doing,
      signal,
    )
    return
  }
  const tar = spawn('tar', ['-C', from, '-c', '-f', '-', '.'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const unpack = `mkdir -p ${word} && exec tar -C ${word} -x -f -`
  const ssh = connection.open(scriptLine(unpack, marks), [tar.stdout, 'ignore', 'pipe'])
  tar.stdout.destroy()
  await finish([tar, ssh], connection, doing, signal)
}

/** Brings what is in a directory of the other side; gives the names of what is not let in. */
export async function bringFrom(
  connection: SshConnection,
  from: string,
  to: string,
  marks: Marks,
  signal: Signal,
): Promise<string[]> {
  const doing = `copying ${from} to ${to}`
  await using coming = await incoming(to)
  const options = ['--no-same-owner', '--no-same-permissions', '--delay-directory-restore', '-x', '-f', '-']
  const tar = spawn('tar', ['-C', coming.directory, ...options], { stdio: ['pipe', 'ignore', 'pipe'] })
  // Files that grow or vanish while they are read are no failure (status 1 of GNU tar).
  const pack = `tar -C ${shellWord(from)} -c -f - . || [ $? -eq 1 ]`
  const ssh = connection.openAnyway(scriptLine(pack, marks), ['ignore', tar.stdin, 'pipe'])
  tar.stdin.destroy()
  await finish([ssh, tar], connection, doing, signal)
  return await coming.accept()
}

/** Waits for both ends; the first that fails is blamed. The other is ended with it, and both when the signal aborts. */
async function finish(
  children: readonly ChildProcess[],
  connection: SshConnection,
  doing: string,
  signal: Signal,
): Promise<void> {
  const endAll = (): void => {
    for (const child of children) child.kill()
  }
  signal?.addEventListener('abort', endAll, { once: true })
  if (signal?.aborted === true) endAll()
  const failures: string[] = []
  await Promise.all(
    children.map(async (child) => {
      const errors = child.stderr === null ? undefined : captureOutput(child.stderr, 1 << 16)
      const status = await new Promise<number | string>((resolve) => {
        child.once('error', (error) => resolve(error.message))
        child.once('exit', (code, name) => resolve(code ?? String(name)))
      })
      if (status === 0) return
      await errors?.settled(400)
      failures.push(errors?.text().trim() || `status ${status}`)
      endAll()
    }),
  )
  signal?.removeEventListener('abort', endAll)
  if (signal !== undefined && signal.aborted) throw abortReason(signal)
  if (failures.length === 0) return
  if (!(await connection.isAlive())) throw connection.lost(doing)
  throw new EnvironmentError(`${doing} on ${connection.host.destination} failed: ${failures[0]}`, {
    code: 'QUARRY_SSH_COPY',
  })
}
