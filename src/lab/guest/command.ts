/** A command in a guest, as if it were a child process of this host. */
import { constants } from 'node:os'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { abortReason, throwIfAborted } from '../../base/abort.ts'
import { captureOutput } from '../../base/process-output.ts'
import type { CommandOptions, CommandResult, RunningCommand } from '../../plugin/node.ts'
import type { GuestConnection } from './connection.ts'

export interface GuestCommandOptions extends Omit<CommandOptions, 'input'> {
  readonly input?: string | Uint8Array | Readable
  readonly cwd: string
}

/** Disposing ends it with all that it started; `close` lets go of it, and what it left in the background goes on. */
export interface GuestCommand extends RunningCommand {
  /** As `done`, but rejects when the guest was lost or the signal aborted. */
  readonly result: Promise<CommandResult>
  /** It was killed, and does not go: what it does in the kernel may still happen. */
  readonly isStuck: boolean
  close(): void
}

/** Starts a command in a guest that is known. */
export type StartInGuest = (
  command: readonly string[],
  options?: Partial<GuestCommandOptions>,
) => Promise<GuestCommand>

const GRACE_MS = 3000
/** From the word that all is ended to that of how, ms. */
const GONE_MS = 1000
/** How long output may stay silent after the exit when something in the background still holds the pipe, ms. */
const SILENCE_MS = 400
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const ENVIRONMENT = { PATH, HOME: '/root', LANG: 'C.UTF-8', USER: 'root', SHELL: '/bin/sh' }

/** Starts it; rejects with the reason when the guest is lost, and with that of the signal when it is aborted. */
export async function startInGuest(
  guest: GuestConnection,
  command: readonly string[],
  options: GuestCommandOptions,
): Promise<GuestCommand> {
  const { signal, timeoutMs, env = {}, cwd, input, maxBytes = 16 * 2 ** 20 } = options
  if (signal !== undefined) throwIfAborted(signal)
  const startedMs = performance.now()
  const stream = guest.start(command, {
    directory: cwd,
    env: { ...ENVIRONMENT, ...env },
    hasInput: input !== undefined,
  })
  stream.stdin.on('error', () => {})
  if (input instanceof Readable) input.once('error', () => void stop()).pipe(stream.stdin)
  else if (input !== undefined) stream.stdin.end(input)
  const stdout = captureOutput(stream.stdout, maxBytes)
  const stderr = captureOutput(stream.stderr, maxBytes)

  let stopping: Promise<void> | undefined
  let isClosed = false
  let isStuck = false
  const close = (): void => {
    if (!isClosed) stream.close()
    isClosed = true
  }
  const stopNow = async (): Promise<void> => {
    if (isClosed || guest.gone.aborted) return
    await stream.stop(GRACE_MS)
    // What is in the kernel for good cannot be killed, and is not waited for.
    const exit = await Promise.race([stream.exited, delay(GONE_MS, undefined, { ref: false })])
    isStuck = exit === undefined
    if (isStuck) stream.abandon()
    await done
    close()
  }
  const stop = (): Promise<void> => (stopping ??= stopNow())
  let timedOut = false
  const onAbort = (): void => void stop()
  signal?.addEventListener('abort', onAbort, { once: true })
  const onTime = (): void => {
    timedOut = true
    void stop()
  }
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTime, Math.min(timeoutMs, 2 ** 31 - 1))

  const finish = async (): Promise<CommandResult> => {
    const exit = await stream.exited
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    const durationMs = performance.now() - startedMs
    await Promise.all([stdout.settled(SILENCE_MS), stderr.settled(SILENCE_MS)])
    const { exitCode } = exit
    const isLost = exitCode === null && exit.signal === null
    const lost = isLost && guest.gone.aborted ? `${abortReason(guest.gone).message}\n` : ''
    return {
      ok: exitCode === 0 && !timedOut,
      exitCode,
      signal: exit.signal === null ? null : signalName(exit.signal),
      stdout: stdout.text(),
      stderr: stderr.text() + lost,
      truncated: stdout.truncated || stderr.truncated,
      timedOut,
      durationMs,
    }
  }
  const done = finish()
  const unlessLost = async (): Promise<CommandResult> => {
    const ended = await done
    if (signal?.aborted === true) throw abortReason(signal)
    const isLost = ended.exitCode === null && ended.signal === null
    if (isLost && !timedOut && stopping === undefined) throw abortReason(guest.gone)
    return ended
  }
  const pid = await stream.started
  if (guest.gone.aborted) throw abortReason(guest.gone)
  return {
    pid,
    // Whoever reads must not take the end of a guest for the end of the output.
    stdout: (async function* () {
      yield* stdout
      if (guest.gone.aborted) await unlessLost()
    })(),
    stderr,
    done,
    get result() {
      return unlessLost()
    },
    get isStuck() {
      return isStuck
    },
    interrupt: () => stream.signal(constants.signals.SIGINT),
    stop,
    close,
    [Symbol.asyncDispose]: stop,
  }
}

const names = new Map<number, string>(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
)
const signalName = (number: number): string => names.get(number) ?? String(number)
