/** A virtual machine under way: QEMU's process, its monitor, and the agent of the guest. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { sleep, whenAborted } from '../../base/abort.ts'
import { EnvironmentError } from '../../base/errors.ts'
import type { RunningProcess } from '../../base/process.ts'
import { connectGuest, type GuestConnection } from '../guest/connection.ts'
import { qemuCommand, sockets, type Hardware, type Memory, type Place } from './hardware.ts'
import { openMonitor, type Monitor } from './monitor.ts'

export interface MachineOptions {
  readonly name: string
  readonly hardware: Hardware
  readonly memory: Memory
  readonly place: Place
  /** File of a snapshot's devices, to go on from with memory that is a copy of the snapshot's. */
  readonly state?: string
  /** Starts QEMU where its TAP interfaces are. */
  spawn(command: readonly string[]): Promise<RunningProcess>
  readonly signal: AbortSignal
}

/** Disposing ends it at once, as pulling the plug does. */
export interface Machine extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly monitor: Monitor
  readonly guest: GuestConnection
  readonly place: Place
}

/** Why a guest ended by itself, by what QEMU calls it. */
const ENDINGS: Readonly<Record<string, string>> = {
  'guest-reset': 'restarted',
  'guest-shutdown': 'was shut down from inside',
  'guest-panic': 'panicked',
}

/** A guest whose agent has not answered by then will not, ms: a machine that is very busy boots in a minute. */
const BOOT_MS = 180_000
const LAST_LINES = 5
/** Time over which its clock is looked at, ms: longer where answers take long. */
const CLOCK_MS = 300
const LONGEST_CLOCK_MS = 10_000
const CLOCK_IS_WRONG = 'QUARRY_GUEST_CLOCK'
/** Times that a guest is booted until its clock is right. */
const BOOTS = 4

/** Starts it, and resolves when the agent answers; an EnvironmentError says what the console said last when it does not. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  for (let boot = 1; ; boot += 1) {
    try {
      return await startOnce(options)
    } catch (error) {
      const isClock = error instanceof EnvironmentError && error.code === CLOCK_IS_WRONG
      if (!isClock || boot === BOOTS) throw error
    }
  }
}

async function startOnce(options: MachineOptions): Promise<Machine> {
  const { name, hardware, memory, place, state, signal } = options
  await using stack = new AsyncDisposableStack()
  const files = join(place.directory, sockets.files)
  // A boot before this one may have left them.
  for (const end of ['in', 'out']) rmSync(`${files}.${end}`, { force: true })
  execFileSync('mkfifo', ['-m', '600', `${files}.in`, `${files}.out`])
  const qemu = stack.use(await options.spawn(qemuCommand(hardware, memory, place)))
  const ended = new AbortController()
  void qemu.done.then(({ stderr }) =>
    ended.abort(failed(`the virtual machine of ${name} has ended`, place, stderr)),
  )
  const either = AbortSignal.any([signal, ended.signal])
  const monitor = stack.use(await openMonitor(join(place.directory, sockets.monitor), either))
  const guest = stack.use(await connectGuest(join(place.directory, sockets.commands), name))
  monitor.onEvent(({ event, data }) => {
    const how = event === 'SHUTDOWN' ? ENDINGS[String(data['reason'])] : undefined
    if (how !== undefined) guest.lose(failed(`the guest ${name} ${how}`, place))
  })
  if (state !== undefined) await goOnFrom(state, monitor)
  const late = sleep(BOOT_MS, either).then(() => {
    throw failed(`the guest ${name} did not come up in ${BOOT_MS / 1000} s`, place)
  })
  const over = whenAborted(either).then(() => either.throwIfAborted())
  await Promise.race([guest.ping(), late, over])
  late.catch(() => {})
  // One that goes on from a snapshot has the clock that was found to be right then.
  if (state === undefined) await checkClock(name, guest)
  const owned = stack.move()
  return {
    name,
    pid: qemu.pid,
    monitor,
    guest,
    place,
    [Symbol.asyncDispose]: async () => {
      // It has nothing to put in order, and its disks are thrown away.
      await monitor.execute('quit').catch(() => {})
      await owned.disposeAsync()
    },
  }
}

/** Stops the machine for good, and writes what its devices know; its memory is in the file that it was given. */
export async function saveDevices({ monitor }: Machine, state: string): Promise<void> {
  await ignoreSharedMemory(monitor)
  await monitor.execute('migrate', { uri: `exec:cat >'${state}'` })
  await migrated(monitor)
}

/**
 * A kernel that boots measures its clock against another, and is wrong for good when this host did something else at that
 * moment: 2.7 times too fast was seen. Throws an EnvironmentError for one that is off by more than a tenth.
 */
async function checkClock(name: string, guest: GuestConnection): Promise<void> {
  const look = async (): Promise<{ atMs: number; guestMs: number; doubtMs: number }> => {
    const began = performance.now()
    const guestMs = Number(await guest.setClock()) / 1e6
    const tripMs = performance.now() - began
    return { atMs: began + tripMs / 2, guestMs, doubtMs: tripMs }
  }
  const first = await look()
  for (;;) {
    await delay(100)
    const now = await look()
    const passedMs = now.atMs - first.atMs
    // Until the time that the answers took does not matter.
    if (passedMs < CLOCK_MS || passedMs < 20 * (first.doubtMs + now.doubtMs)) {
      if (passedMs < LONGEST_CLOCK_MS) continue
    }
    const rate = (now.guestMs - first.guestMs) / passedMs
    if (Math.abs(rate - 1) < 0.1) return
    throw new EnvironmentError(
      `the clock of the guest ${name} runs ${rate.toFixed(2)} times as fast as that of this host`,
      {
        code: CLOCK_IS_WRONG,
        remedy: 'is this host very busy? Start again',
      },
    )
  }
}

async function goOnFrom(state: string, monitor: Monitor): Promise<void> {
  await ignoreSharedMemory(monitor)
  await monitor.execute('migrate-incoming', { uri: `exec:cat '${state}'` })
  await migrated(monitor)
}

/** Memory that is in a file is not part of the stream: so a copy of a machine costs what it changes, and no more. */
async function ignoreSharedMemory(monitor: Monitor): Promise<void> {
  const capabilities = [{ capability: 'x-ignore-shared', state: true }]
  await monitor.execute('migrate-set-capabilities', { capabilities })
}

async function migrated(monitor: Monitor): Promise<void> {
  for (;;) {
    const answer = (await monitor.execute('query-migrate')) as { status?: string; 'error-desc'?: string }
    if (answer.status === 'completed') return
    if (answer.status === 'failed' || answer.status === 'cancelled') {
      throw new EnvironmentError(`QEMU could not move a machine: ${answer['error-desc'] ?? answer.status}`, {
        code: 'QUARRY_QEMU',
      })
    }
    await delay(3)
  }
}

function failed(what: string, { console }: Place, stderr = ''): EnvironmentError {
  const text = existsSync(console) ? readFileSync(console, 'latin1') : ''
  const last = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-LAST_LINES)
  const why = [...stderr.trim().split('\n').slice(-2), ...last].filter((line) => line !== '').join('\n  ')
  return new EnvironmentError(`${what}${why === '' ? '' : `; last words:\n  ${why}`}`, {
    code: 'QUARRY_GUEST_BOOT',
    remedy: `read its console: ${console}`,
  })
}
