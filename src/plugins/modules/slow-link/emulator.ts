/** The program that holds frames back; see emulator.c. It is built where it runs, for its libc and its kernel. */
import { readFileSync } from 'node:fs'
import { EnvironmentError } from '../../../base/errors.ts'
import type { Node } from '../../../plugin/node.ts'

/** What a link does to each frame. */
export interface LinkQuality {
  readonly delayMs: number
  /** The delay is this much longer or shorter, evenly spread, ms. */
  readonly jitterMs: number
  /** Percentages of the frames. */
  readonly loss: number
  readonly duplicate: number
  readonly reorder: number
  /** Bits per second; 0 is no limit. */
  readonly rate: number
  /** Frames that wait in one direction of one link before others are lost. */
  readonly queue: number
}

/** A port of the switch, and the node behind it. */
export interface EmulatedPort {
  readonly port: string
  readonly hardwareAddress: string
  /** What the node sends waits at its own link, and not at that of the receiver. */
  readonly sendsSlowly: boolean
}

/** Frames that it dealt with, by what became of them. */
export type EmulatorCounts = Readonly<
  Record<'forwarded' | 'lost' | 'duplicated' | 'reordered' | 'overflowed', number>
>

export interface Emulator extends AsyncDisposable {
  /** Resolves when it has ended, whether it was told to or not. */
  readonly ended: Promise<unknown>
  /** Sends what still waits, ends, and says what it did. */
  stop(): Promise<EmulatorCounts>
}

const source = new URL('./emulator.c', import.meta.url)

/** Starts it at the switch: what is sent to its network device `tap` goes slowly to where it was meant for. */
export async function startEmulator(
  at: Node,
  tap: string,
  quality: LinkQuality,
  ports: readonly EmulatedPort[],
  signal: AbortSignal,
): Promise<Emulator> {
  const program = `${at.scratch}/${tap}`
  await at.writeFile(`${program}.c`, readFileSync(source))
  const built = await at.run(['cc', '-O2', '-o', program, `${program}.c`], {
    signal,
    // What it leaves when it is killed goes with the scratch directory.
    env: { TMPDIR: at.scratch },
  })
  if (!built.ok) throw failed('be built', built.stderr)
  const { delayMs, jitterMs, loss, duplicate, reorder, rate, queue } = quality
  const microseconds = [delayMs, jitterMs].map((milliseconds) => Math.round(milliseconds * 1000))
  const words = [...microseconds, loss, duplicate, reorder, rate, queue].map(String)
  const places = ports.map(
    ({ port, hardwareAddress, sendsSlowly }) => `${sendsSlowly ? '*' : ''}${port}=${hardwareAddress}`,
  )
  await using stack = new AsyncDisposableStack()
  // Not bound to the signal: it must not end before the frames are sent past it again.
  const running = stack.use(await at.spawn([program, tap, ...words, ...places]))
  let said = ''
  for await (const chunk of running.stdout) {
    said += Buffer.from(chunk).toString()
    if (said.includes('ready\n')) break
  }
  if (!said.includes('ready\n')) throw failed('start', (await running.done).stderr)
  const up = await at.run(['ip', 'link', 'set', tap, 'addrgenmode', 'none', 'up'], { signal })
  if (!up.ok) throw failed('be used', up.stderr)
  const owned = stack.move()
  return {
    ended: running.done,
    stop: async () => {
      await running.stop()
      const { stdout, stderr } = await running.done
      if (stdout === '') throw failed('say what it did', stderr)
      return JSON.parse(stdout) as EmulatorCounts
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const failed = (what: string, stderr: string): EnvironmentError =>
  new EnvironmentError(`the emulator of a slow link cannot ${what}: ${stderr.trim().slice(-500)}`, {
    code: 'QUARRY_EMULATOR',
    remedy: 'apt-get install -y gcc libc6-dev; use a kernel with CONFIG_TUN=y or modprobe tun',
  })
