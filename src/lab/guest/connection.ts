/** The connection to the agent of a guest, which all commands share: a virtio-serial port, seen here as a Unix socket. */
import { connect } from 'node:net'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { EnvironmentError, messageOf, type TargetError } from '../../base/errors.ts'
import { Ask, encodeFrame, FrameReader, Tell } from './frames.ts'
import { GuestStream } from './stream.ts'

/** How often the agent is asked whether it lives, ms. */
const BEAT_MS = 2000
/** One that has said nothing for so long, ms, is taken for dead: longer than a lock-up of which a kernel recovers. */
const PATIENCE_MS = 60_000

export interface StartOptions {
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly hasInput: boolean
}

/** Disposing closes it; the guest goes on. */
export interface GuestConnection extends AsyncDisposable {
  /** Aborts when the guest cannot be talked to any more, with an EnvironmentError as the reason. */
  readonly gone: AbortSignal
  /** The same, but not when it was disposed of. */
  readonly lost: AbortSignal
  /** When the agent last said anything, by `performance.now()`. */
  readonly heardMs: number
  /** Starts a command; it is told by its exit when that was not possible. Throws the reason when the guest is gone. */
  start(command: readonly string[], options: StartOptions): GuestStream
  /** Resolves when the agent answers; rejects with the reason when it is gone. */
  ping(): Promise<void>
  /** Sets the guest's clock to ours. */
  setClock(): Promise<void>
  /** Gives it up, for a reason. */
  lose(reason: EnvironmentError | TargetError): void
}

/** Connects to the socket of the port; `name` is what the guest is called in errors. */
export async function connectGuest(socketPath: string, name: string): Promise<GuestConnection> {
  const socket = connect(socketPath)
  await once(socket, 'connect').catch((error: unknown) => {
    throw new EnvironmentError(`cannot connect to the guest ${name}: ${messageOf(error)}`, {
      code: 'QUARRY_GUEST_LOST',
    })
  })
  return new Connection(socket, name)
}

class Connection implements GuestConnection {
  readonly #socket: Socket
  readonly #streams = new Map<number, GuestStream>()
  readonly #answers = new Map<number, () => void>()
  readonly #gone = new AbortController()
  readonly #lost = new AbortController()
  readonly #beat: NodeJS.Timeout
  #last = 0
  heardMs = performance.now()

  constructor(socket: Socket, name: string) {
    this.#socket = socket
    const reader = new FrameReader()
    socket.on('data', (chunk) => {
      this.heardMs = performance.now()
      for (const frame of reader.take(chunk)) {
        if (frame.type === Tell.pong) this.#answers.get(frame.stream)?.()
        else this.#streams.get(frame.stream)?.take(frame)
      }
    })
    socket.on('error', () => {})
    socket.once('close', () =>
      this.lose(
        new EnvironmentError(`the guest ${name} is gone: its virtual machine has ended`, {
          code: 'QUARRY_GUEST_LOST',
        }),
      ),
    )
    this.#beat = setInterval(() => {
      if (performance.now() - this.heardMs < PATIENCE_MS) {
        this.#send(0, Ask.ping, Buffer.alloc(0))
        return
      }
      this.lose(
        new EnvironmentError(`the guest ${name} has not answered for ${PATIENCE_MS / 1000} s`, {
          code: 'QUARRY_GUEST_LOST',
          remedy: 'read its console, console.log among the files of the node',
        }),
      )
    }, BEAT_MS)
    this.#beat.unref()
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  start(command: readonly string[], { directory, env, hasInput }: StartOptions): GuestStream {
    this.#gone.signal.throwIfAborted()
    const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}`)
    const texts = [hasInput ? '1' : '0', directory, String(variables.length), ...variables, ...command]
    if (texts.some((text) => text.includes('\0'))) {
      throw new Error('an argument or variable cannot hold a NUL byte')
    }
    this.#last += 1
    const id = this.#last
    const stream = new GuestStream((type, payload) => {
      this.#send(id, type, payload)
      if (type === Ask.close) this.#streams.delete(id)
    })
    this.#streams.set(id, stream)
    this.#send(id, Ask.start, Buffer.from(texts.map((text) => `${text}\0`).join('')))
    return stream
  }

  ping(): Promise<void> {
    return this.#ask(Ask.ping, Buffer.alloc(0))
  }

  setClock(): Promise<void> {
    const payload = Buffer.alloc(8)
    payload.writeBigInt64LE(BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)))
    return this.#ask(Ask.clock, payload)
  }

  async #ask(type: number, payload: Buffer): Promise<void> {
    this.#gone.signal.throwIfAborted()
    this.#last += 1
    const id = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#answers.set(id, resolve)
    this.#send(id, type, payload)
    await promise
    this.#answers.delete(id)
    this.#gone.signal.throwIfAborted()
  }

  lose(reason: EnvironmentError | TargetError): void {
    if (this.#gone.signal.aborted) return
    this.#lost.abort(reason)
    this.#leave(reason)
  }

  #leave(reason: EnvironmentError | TargetError): void {
    clearInterval(this.#beat)
    this.#gone.abort(reason)
    this.#socket.destroy()
    for (const stream of this.#streams.values()) stream.lose()
    for (const answer of this.#answers.values()) answer()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat)
    const closed = this.#socket.closed ? Promise.resolve() : once(this.#socket, 'close')
    const reason = new EnvironmentError('the guest was given back', { code: 'QUARRY_GUEST_LOST' })
    if (!this.#gone.signal.aborted) this.#leave(reason)
    await closed
  }

  #send(stream: number, type: number, payload: Uint8Array): void {
    if (!this.#gone.signal.aborted) this.#socket.write(encodeFrame(stream, type, payload))
  }
}
