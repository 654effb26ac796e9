/** A connection that a relay has opened on another machine, as a stream here. */
import { Duplex } from 'node:stream'
import { getSystemErrorName } from 'node:util'
import type { Destination } from '../../plugin/probe.ts'

/** What a connection asks of its relay. */
export interface Sender {
  data(bytes: Uint8Array): void
  /** No more will be sent. */
  end(): void
  /** Nothing more is wanted. */
  close(): void
}

/** Emits `connect` as a socket does, and fails with the codes that a socket fails with. A datagram is a chunk. */
export class RelayedConnection extends Duplex {
  #sender: Sender | undefined
  #stands = false
  /** What is to be sent once the connection stands. */
  #waiting: (() => void) | undefined

  constructor({ protocol }: Destination) {
    super({ readableObjectMode: protocol === 'udp' })
  }

  /** From now on there is somebody to be told when it is closed. */
  attach(sender: Sender): void {
    this.#sender = sender
  }

  connected(): void {
    if (this.destroyed) return
    this.#stands = true
    this.emit('connect')
    this.#waiting?.()
  }

  /** The other side has sent something, or, with `null`, will send no more. */
  receive(bytes: Uint8Array | null): void {
    if (!this.destroyed) this.push(bytes)
  }

  /** It could not be opened, or broke: the number of a system error, or the name of one. */
  fail(code: string): void {
    const name = /^\d+$/.test(code) ? getSystemErrorName(-Number(code)) : code
    this.#sender = undefined
    this.destroy(Object.assign(new Error(`the connection failed: ${name}`), { code: name }))
  }

  override _read(): void {
    // What comes is pushed at once: whoever has read enough closes the connection.
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.#once(() => this.#sender?.data(chunk), done)
  }

  override _final(done: () => void): void {
    this.#once(() => this.#sender?.end(), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#sender?.close()
    done(error)
  }

  #once(act: () => void, done: () => void): void {
    const both = (): void => {
      this.#waiting = undefined
      act()
      done()
    }
    if (this.#stands) both()
    else this.#waiting = both
  }
}
