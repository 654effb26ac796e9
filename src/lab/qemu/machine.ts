/** A virtual machine under way: QEMU's process, its monitor, and the agent of the guest. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
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

/** Starts it, and resolves when the agent answers; an EnvironmentError says what the console said last when it does not. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { name, hardware, memory, place, state, signal } = options
  await using stack = new AsyncDisposableStack()
  const files = join(place.directory, sockets.files)
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
