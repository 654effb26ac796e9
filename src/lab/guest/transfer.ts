/** Directories to and from a guest, as tar streams. */
import { spawn, type ChildProcess } from 'node:child_process'
import { open, stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EnvironmentError } from '../../base/errors.ts'
import { captureOutput } from '../../base/process-output.ts'
import { incoming } from '../../node/incoming.ts'
import { STALLED_MS, type BulkDisk, type GivingCommand } from './bulk.ts'
import type { GuestCommand, StartInGuest } from './command.ts'

/** A file that is no larger goes by the port, bytes. */
const SMALL = 128 << 10

/**
 * In one record of tar, of 512 bytes each, at both ends: a switch between processes for every few kilobytes takes long under
 * TCG. A reader of smaller records would not wait for the end of the last.
 */
const BLOCKS = '256'

/** Both ways to a guest: by the port, which always works, and by the disk, which is fast. */
export interface Ways {
  readonly start: StartInGuest
  readonly disk: BulkDisk
}

/** Copies a file, or what is in a directory, into the guest. */
export async function sendToGuest(ways: Ways, from: string, to: string, signal?: AbortSignal): Promise<void> {
  const found = await stat(from)
  const options = signal === undefined ? {} : { signal }
  if (!found.isDirectory()) {
    const mode = (found.mode & 0o777).toString(8)
    await using file = await open(from)
    const content = file.createReadStream({ highWaterMark: 1 << 20, autoClose: false })
    if (found.size > SMALL) {
      await using make = await ways.start(['mkdir', '-p', '--', posix.dirname(to)], options)
      check(await make.result, from, to)
      await using taking = await ways.disk.take(['>', to, mode], content, signal)
      if (taking !== undefined) return check(await taking.result, from, to)
    }
    const write = 'mkdir -p -- "$(dirname -- "$1")" && cat >"$1" && chmod "$2" -- "$1"'
    const command = ['sh', '-c', write, 'sh', to, mode]
    await using writing = await ways.start(command, { ...options, input: content })
    return check(await writing.result, from, to)
  }
  const tar = spawn('tar', ['-C', from, '-b', BLOCKS, '-c', '-f', '-', '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const packed = ended(tar)
  // What a process has said and nobody listens to when it ends is thrown away.
  const content = tar.stdout.pipe(new PassThrough())
  using stack = new DisposableStack()
  stack.defer(() => void tar.kill())
  const unpack = 'mkdir -p -- "$1" && exec tar -C "$1" -b "$2" -x -f -'
  const command = ['sh', '-c', unpack, 'sh', to, BLOCKS]
  await using unpacking =
    (await ways.disk.take(command, content, signal)) ??
    (await ways.start(command, { ...options, input: content }))
  check(await unpacking.result, from, to)
  const problem = await packed
  if (problem !== undefined) throw failed(from, to, problem)
}

/** Brings what is in a directory of the guest; gives the names of what is not let in. */
export async function bringFromGuest(
  { start, disk }: Ways,
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<string[]> {
  await using coming = await incoming(to)
  const options = ['--no-same-owner', '--no-same-permissions', '--delay-directory-restore']
  const tar = spawn('tar', ['-C', coming.directory, ...options, '-b', BLOCKS, '-x', '-f', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const unpacked = ended(tar)
  using stack = new DisposableStack()
  stack.defer(() => void tar.kill())
  // Files that grow or vanish while they are read are no failure (status 1 of GNU tar).
  const pack = 'tar -C "$1" -b "$2" -c -f - . || [ $? -eq 1 ]'
  const command = ['sh', '-c', pack, 'sh', from, BLOCKS]
  await using packing =
    (await disk.give(command, signal)) ?? (await start(command, signal === undefined ? {} : { signal }))
  const broken = await pipeline(Readable.from(unlessStalled(packing)), tar.stdin).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (broken instanceof EnvironmentError) throw broken
  // It ends with the archive, and does not wait for what fills the last record: nobody reads that then.
  if (broken !== undefined) await packing.stop()
  const packed = await packing.result
  const isStopped = broken !== undefined && packed.signal === 'SIGTERM'
  if (!isStopped) check(packed, from, to)
  const problem = await unpacked
  if (problem !== undefined) throw failed(from, to, problem)
  return await coming.accept()
}

/** The output; a guest that is too sick to send any for so long is not waited for. */
async function* unlessStalled(packing: GivingCommand): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => void packing.stop(), STALLED_MS)
  try {
    for await (const chunk of packing.stdout) {
      timer.refresh()
      yield chunk
    }
  } finally {
    clearTimeout(timer)
  }
}

function check(ended: Awaited<GuestCommand['result']>, from: string, to: string): void {
  const { ok, stderr, exitCode, signal } = ended
  if (!ok) throw failed(from, to, stderr.trim() || (signal ?? `status ${exitCode}`))
}

const failed = (from: string, to: string, why: string): EnvironmentError =>
  new EnvironmentError(`copying ${from} to ${to} failed: ${why}`, { code: 'QUARRY_GUEST_COPY' })

/** What was wrong with how it ended. */
async function ended(child: ChildProcess): Promise<string | undefined> {
  const errors = child.stderr === null ? undefined : captureOutput(child.stderr, 1 << 16)
  const status = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, name) => resolve(code ?? String(name)))
  })
  if (status === 0) return undefined
  await errors?.settled(400)
  return errors?.text().trim() || `tar ended with ${status}`
}
