/** Child processes: bounded output, one signal, and nothing left behind when they are stopped. */
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { abortReason, throwIfAborted } from './abort.ts'
import { EnvironmentError } from './errors.ts'
import { captureOutput } from './process-output.ts'
import { descendantsOf, isAlive, processStat, signalProcess, type ProcessIdentity } from './process-tree.ts'

export interface ProcessOptions {
  /** Aborting stops the process. */
  readonly signal?: AbortSignal
  /** The process is stopped after this time, and `timedOut` is set. */
  readonly timeoutMs?: number
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Written to standard input, a stream as it comes; it is empty otherwise. */
  readonly input?: string | Readable
  /** Bytes kept of each of standard output and standard error; 16 MiB. */
  readonly maxBytes?: number
  /** It goes on when this process ends; otherwise it gets TERM then. */
  readonly outlives?: boolean
  /** Time between TERM and KILL, 3,000 ms. */
  readonly graceMs?: number
}

export interface ProcessResult {
  readonly ok: boolean
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
  readonly timedOut: boolean
  readonly durationMs: number
}

/** A process under way. Disposing stops it. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number
  readonly stdout: AsyncIterable<Uint8Array>
  readonly stderr: AsyncIterable<Uint8Array>
  /** Never rejects. Output that the caller iterates over is not in it. */
  readonly done: Promise<ProcessResult>
  /** INT to the process group, as Ctrl-C in a terminal. */
  interrupt(): void
  /** TERM to it and all its descendants, KILL to those that are left after the grace period; resolves when all are gone. */
  stop(): Promise<void>
}

/** How long output may stay silent after the exit when a child in the background still holds the pipe. */
const SILENCE_MS = 400
const POLL_MS = 15
/** A process in uninterruptible sleep ignores even KILL: it is given up this long after it. */
const UNKILLABLE_MS = 5000

/**
 * Starts a program; no shell sees the arguments. It leads a session of its own, so that a Ctrl-C meant for Quarry does
 * not reach it. Rejects with an EnvironmentError when it cannot be started, and with the signal's reason when that is
 * already aborted. Processes that it leaves in the background when it ends by itself go on.
 */
export async function startProcess(
  command: readonly string[],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const [program, ...args] = command
  if (program === undefined) throw new Error('startProcess needs a command')
  if (options.signal !== undefined) throwIfAborted(options.signal)
  const startedMs = performance.now()
  const child = execa(program, args, {
    reject: false,
    buffer: false,
    stripFinalNewline: false,
    killDescendants: true,
    cleanup: options.outlives !== true,
    forceKillAfterDelay: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const { pid } = child
  if (pid === undefined) {
    throw notStarted(program, options.cwd, (await child).originalMessage ?? 'for no known reason')
  }
  const leader = processStat(pid)

  const maxBytes = options.maxBytes ?? 16 * 2 ** 20
  const stdout = captureOutput(child.stdout, maxBytes)
  const stderr = captureOutput(child.stderr, maxBytes)
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  child.nodeChildProcess.once('exit', end)
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> =>
    (stopping ??= stopTree(pid, leader, options.graceMs ?? 3000).then((gone) => (gone ? ended : end())))

  let timedOut = false
  const onAbort = (): void => void stop()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => {
            timedOut = true
            void stop()
          },
          Math.min(options.timeoutMs, 2 ** 31 - 1),
        )

  const finish = async (): Promise<ProcessResult> => {
    await ended
    clearTimeout(timer)
    const durationMs = performance.now() - startedMs
    await Promise.all([stdout.settled(SILENCE_MS), stderr.settled(SILENCE_MS), stopping])
    options.signal?.removeEventListener('abort', onAbort)
    const { exitCode, signalCode } = child.nodeChildProcess
    return {
      ok: exitCode === 0 && !timedOut,
      exitCode,
      signal: signalCode,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated || stderr.truncated,
      timedOut,
      durationMs,
    }
  }

  return {
    pid,
    stdout,
    stderr,
    done: finish(),
    interrupt: () => void child.kill('SIGINT'),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/**
 * Runs a program to its end. A non-zero exit is a result, and so is a program that cannot be started (126 or 127, as a
 * shell has it). Rejects with the signal's reason, after the process is gone, when the signal aborts.
 */
export async function runProcess(
  command: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  let running: RunningProcess
  try {
    running = await startProcess(command, options)
  } catch (error) {
    if (!(error instanceof EnvironmentError) || error === options.signal?.reason) throw error
    const exitCode = error.code === 'QUARRY_NOT_FOUND' ? 127 : 126
    const ended = { signal: null, stdout: '', truncated: false, timedOut: false, durationMs: 0 }
    return { ok: false, exitCode, stderr: `${error.message}\n`, ...ended }
  }
  const result = await running.done
  if (options.signal?.aborted === true) throw abortReason(options.signal)
  return result
}

function notStarted(program: string, cwd: string | undefined, reason: string): EnvironmentError {
  // ENOENT also stands for a working directory that does not exist.
  if (cwd !== undefined && !existsSync(cwd)) {
    return new EnvironmentError(`cannot start ${program}: the directory ${cwd} does not exist`, {
      code: 'QUARRY_NOT_STARTED',
    })
  }
  return reason.includes('ENOENT')
    ? new EnvironmentError(`${program}: command not found`, { code: 'QUARRY_NOT_FOUND' })
    : new EnvironmentError(`cannot start ${program}: ${reason}`, { code: 'QUARRY_NOT_STARTED' })
}

/** Whether all are gone; some may have had to be given up. */
async function stopTree(pid: number, leader: ProcessIdentity | undefined, graceMs: number): Promise<boolean> {
  // Kept by identity: a descendant whose parent has died can no longer be found from here.
  const known = new Map<string, ProcessIdentity>()
  const look = (): ProcessIdentity[] => {
    const holder = processStat(pid)
    // The kernel gives a process id away again only when no group or session has it any more.
    const reused = holder !== undefined && holder.started !== leader?.started
    const found = reused ? [] : [...(holder === undefined ? [] : [holder]), ...descendantsOf(pid)]
    for (const process of found) known.set(`${process.pid} ${process.started}`, process)
    return [...known.values()].filter(isAlive)
  }
  const startedMs = performance.now()
  const elapsed = (): number => performance.now() - startedMs
  // A stopped process takes no TERM before it is continued.
  for (const process of look()) if (signalProcess(process, 'SIGTERM')) signalProcess(process, 'SIGCONT')
  // Looking at all processes costs; until time is up those that are known tell whether it is worth it.
  while (elapsed() < graceMs && [...known.values()].some(isAlive)) await pause(POLL_MS)
  for (let alive = look(); alive.length > 0; alive = look()) {
    if (elapsed() > graceMs + UNKILLABLE_MS) return false
    for (const process of alive) signalProcess(process, 'SIGKILL')
    await pause(POLL_MS)
  }
  return true
}
