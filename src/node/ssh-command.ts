/** A command on the other side of a connection, as if it were a child process of this host. */
import { Readable } from 'node:stream'
import { abortReason, throwIfAborted } from '../base/abort.ts'
import { EnvironmentError } from '../base/errors.ts'
import { captureOutput } from '../base/process-output.ts'
import type { CommandOptions, CommandResult, RunningCommand } from '../plugin/node.ts'
import type { SshConnection } from './ssh-connection.ts'
import { hiddenScript, hiddenScriptLine } from './ssh-destination.ts'
import { jobScript, PID_LINE, stopScript } from './ssh-scripts.ts'
import { readPids } from './ssh-pids.ts'

export interface RemoteOptions extends Omit<CommandOptions, 'input'> {
  readonly input?: string | Uint8Array | Readable
  readonly cwd: string
  /** Environment of the shell that watches over the command, by which it is found when all else is lost. */
  readonly marks: { readonly QUARRY_RUN: string; readonly QUARRY_NODE: string }
}

/** A command under way, and whether the connection broke under it. */
export interface RemoteCommand extends RunningCommand {
  /** As `done`, but rejects with an EnvironmentError when the connection was lost. */
  readonly result: Promise<CommandResult>
}

const GRACE_MS = 3000
/** How long after the grace period the other side may take to say that all are gone. */
const PATIENCE_MS = 10_000
/** ssh's own status when it fails. */
const SSH_FAILED = 255

/**
 * Starts it. Arguments, environment and input go through the connection, where no list of processes shows them. Rejects
 * with an EnvironmentError when the connection is lost, and with the signal's reason when that is aborted.
 */
export async function startRemote(
  connection: SshConnection,
  command: readonly string[],
  options: RemoteOptions,
): Promise<RemoteCommand> {
  const { signal, timeoutMs, env = {}, cwd, input, marks, maxBytes = 16 * 2 ** 20 } = options
  if (signal !== undefined) throwIfAborted(signal)
  const startedMs = performance.now()
  const script = jobScript({ command, env: { ...env, ...marks }, cwd })
  const child = connection.open(hiddenScriptLine(marks), ['pipe', 'pipe', 'pipe'])
  const { stdin, stdout: output, stderr: errors } = child
  if (stdin === null || output === null || errors === null) throw new Error('ssh was started without pipes')
  const doing = `running ${command[0] ?? ''}`
  const { promise: ended, resolve: settle } = Promise.withResolvers<number | null>()
  child.once('exit', settle)
  child.once('error', () => settle(SSH_FAILED))
  // A command that does not read its input, or has ended: that is told by its exit.
  stdin.on('error', () => {})
  stdin.write(hiddenScript(script))
  if (input instanceof Readable) input.pipe(stdin)
  else stdin.end(input ?? '')

  const stderr = captureOutput(errors, maxBytes)
  // Before the other side has said that it began, there is only this end to be ended.
  let end = (): void => void child.kill('SIGKILL')
  let timedOut = false
  const onAbort = (): void => end()
  const onTime = (): void => {
    timedOut = true
    end()
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTime, Math.min(timeoutMs, 2 ** 31 - 1))
  const pids = await readPids(output, PID_LINE)
  if (pids === undefined) {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    child.kill()
    await ended
    if (signal !== undefined) throwIfAborted(signal)
    if (!(await connection.isAlive())) throw connection.lost(doing)
    const why = timedOut ? 'it did not begin in time' : stderr.text().trim()
    throw new EnvironmentError(
      `could not start ${command[0] ?? ''} on ${connection.host.destination}: ${why}`,
      {
        code: 'QUARRY_SSH_FAILED',
      },
    )
  }
  const [pid, watcher] = pids
  const stdout = captureOutput(output, maxBytes)

  let wasLost = false
  const remotely = (text: string): Promise<unknown> =>
    connection.script(text, `ending ${command[0] ?? ''}`).catch(() => undefined)
  const stopNow = async (): Promise<void> => {
    // The one on the other side may hang with its machine; the one here does not.
    const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS + PATIENCE_MS)
    await remotely(stopScript(watcher, GRACE_MS, marks.QUARRY_NODE))
    await ended
    clearTimeout(late)
  }
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= stopNow())
  end = () => void stop()
  if (signal?.aborted === true || timedOut) end()

  const finish = async (): Promise<CommandResult> => {
    const exitCode = await ended
    clearTimeout(timer)
    if (connection.isLeft) {
      signal?.removeEventListener('abort', onAbort)
      // It goes on, and nobody here will know how it ends.
      return await new Promise<never>(() => {})
    }
    const durationMs = performance.now() - startedMs
    await Promise.all([stdout.settled(400), stderr.settled(400), stopping])
    signal?.removeEventListener('abort', onAbort)
    wasLost = (exitCode === null || exitCode === SSH_FAILED) && !(await connection.isAlive())
    const said = stderr.text()
    return {
      ok: exitCode === 0 && !timedOut,
      exitCode,
      signal: null,
      stdout: stdout.text(),
      stderr: wasLost ? `${said}${connection.lost(doing).message}\n` : said,
      truncated: stdout.truncated || stderr.truncated,
      timedOut,
      durationMs,
    }
  }
  const done = finish()
  const unlessLost = async (): Promise<CommandResult> => {
    const result = await done
    if (signal?.aborted === true) throw abortReason(signal)
    if (wasLost && !timedOut && stopping === undefined) throw connection.lost(doing)
    return result
  }
  return {
    pid,
    // Whoever reads must not take the end of a connection for the end of the output.
    stdout: (async function* () {
      yield* stdout
      await done
      if (wasLost && stopping === undefined) throw connection.lost(doing)
    })(),
    stderr,
    done,
    get result() {
      return unlessLost()
    },
    interrupt: () => void remotely(`kill -INT ${pid}`),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
