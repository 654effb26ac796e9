/** One command in a guest, as three streams and an end. */
import { constants } from 'node:os'
import { Readable, Writable } from 'node:stream'
import { Ask, MOST_PAYLOAD, Tell, words, type Frame } from './frames.ts'

/** Bytes of output, and of input, that may be under way. */
const WINDOW = 256 << 10
const OUTPUT = 0
const ERRORS = 1

export type Send = (type: number, payload: Uint8Array) => void

/** How a command ended: a status, or the signal that ended it; neither when the guest was lost. */
export interface GuestExit {
  readonly exitCode: number | null
  readonly signal: number | null
}

export class GuestStream {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly started: Promise<number>
  readonly exited: Promise<GuestExit>
  readonly stopped: Promise<void>
  readonly #send: Send
  readonly #outputs: readonly [Output, Output]
  readonly #input: Input
  readonly #start = Promise.withResolvers<number>()
  readonly #exit = Promise.withResolvers<GuestExit>()
  readonly #stop = Promise.withResolvers<void>()

  constructor(send: Send) {
    this.#send = send
    this.#outputs = [new Output(send, OUTPUT), new Output(send, ERRORS)]
    this.#input = new Input(send)
    this.stdin = this.#input
    this.stdout = this.#outputs[OUTPUT]
    this.stderr = this.#outputs[ERRORS]
    this.started = this.#start.promise
    this.exited = this.#exit.promise
    this.stopped = this.#stop.promise
  }

  take({ type, payload }: Frame): void {
    switch (type) {
      case Tell.started:
        this.#start.resolve(payload.readUInt32LE())
        break
      case Tell.output:
        this.#outputs[OUTPUT].receive(payload)
        break
      case Tell.errors:
        this.#outputs[ERRORS].receive(payload)
        break
      case Tell.taken:
        this.#input.taken(payload.readUInt32LE())
        break
      case Tell.exit: {
        // As wait(2) has it.
        const status = payload.readUInt32LE()
        const signal = status & 127
        this.#exit.resolve(
          signal === 0 ? { exitCode: status >> 8, signal: null } : { exitCode: null, signal },
        )
        this.#input.taken(Number.POSITIVE_INFINITY)
        break
      }
      case Tell.stopped:
        this.#stop.resolve()
        break
    }
  }

  /** To the process group of the command. */
  signal(number: number): void {
    this.#send(Ask.signal, words(number))
  }

  /** TERM to all that the command started, KILL after the grace period, ms; resolves when all are gone. */
  async stop(graceMs: number): Promise<void> {
    this.#send(Ask.stop, words(graceMs))
    await this.stopped
  }

  /** Nothing more is wanted of it. What it left in the background goes on. */
  close(): void {
    this.#send(Ask.close, Buffer.alloc(0))
    this.stdout.destroy()
    this.stderr.destroy()
  }

  /** The guest was lost: it will never say more. */
  lose(): void {
    this.#start.resolve(0)
    this.#stop.resolve()
    this.#end(null)
  }

  /** It was killed, and does not go. */
  abandon(): void {
    this.#end(constants.signals.SIGKILL)
  }

  #end(signal: number | null): void {
    this.#exit.resolve({ exitCode: null, signal })
    this.#input.taken(Number.POSITIVE_INFINITY)
    for (const output of this.#outputs) output.receive(Buffer.alloc(0))
  }
}

/** Grants the guest what the reader has room for. */
class Output extends Readable {
  readonly #send: Send
  readonly #which: number
  #granted = 0
  #ended = false

  constructor(send: Send, which: number) {
    super({ highWaterMark: WINDOW })
    this.#send = send
    this.#which = which
  }

  override _read(): void {
    // What is just being read is in the buffer until then.
    process.nextTick(() => this.#grant())
  }

  #grant(): void {
    const room = WINDOW - this.#granted - this.readableLength
    // As long as something may come there will be another call.
    if (this.#ended || room <= 0 || (room < WINDOW / 4 && this.#granted > 0)) return
    this.#granted += room
    this.#send(Ask.grant, words(this.#which, room))
  }

  receive(bytes: Buffer): void {
    if (this.#ended) return
    this.#granted -= bytes.length
    this.#ended = bytes.length === 0
    // Copied: the frame is a piece of a larger buffer, which should not be kept for it.
    this.push(this.#ended ? null : Buffer.from(bytes))
  }
}

/** Sends what the guest has room for. */
class Input extends Writable {
  readonly #send: Send
  #underway = 0
  #resume: (() => void) | undefined

  constructor(send: Send) {
    super({ highWaterMark: MOST_PAYLOAD })
    this.#send = send
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    if (this.#underway === Number.NEGATIVE_INFINITY) {
      done()
      return
    }
    const room = Math.min(WINDOW - this.#underway, MOST_PAYLOAD)
    if (room <= 0) {
      this.#resume = () => this._write(chunk, _, done)
      return
    }
    const piece = chunk.subarray(0, room)
    this.#underway += piece.length
    this.#send(Ask.input, piece)
    if (piece.length === chunk.length) done()
    else this._write(chunk.subarray(room), _, done)
  }

  override _final(done: () => void): void {
    this.#send(Ask.input, Buffer.alloc(0))
    done()
  }

  /** Infinity: nobody reads it any more, and whatever is still written is thrown away. */
  taken(bytes: number): void {
    this.#underway -= bytes
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
}
