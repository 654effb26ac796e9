/** Connections that are made on a node without Node.js, of which this process holds the other ends. */
import { addAbortSignal, PassThrough } from 'node:stream'
import { EnvironmentError, messageOf } from '../../base/errors.ts'
import type { Node, RunningCommand } from '../../plugin/node.ts'
import type { Destination, Dial } from '../../plugin/probe.ts'
import { RelayedConnection, type Sender } from './connection.ts'
import { CLOSE, CONNECTED, DATA, END, FAILED, HEADER, OPEN, relayScript } from './script.ts'

/** One process on the node makes all connections; one that has ended is started again by the next. */
export interface Relay extends AsyncDisposable {
  readonly dial: Dial
}

/** Starts nothing yet; an EnvironmentError says what the node lacks. */
export async function createRelay(node: Node, signal: AbortSignal): Promise<Relay> {
  const { ok } = await node.run(['perl', '-MSocket=:addrinfo', '-MErrno', '-MFcntl', '-e', '1'], { signal })
  if (!ok) {
    throw new EnvironmentError(`${node.name} has no perl`, { remedy: 'apt-get install -y perl-base there' })
  }
  let process: Promise<RelayProcess> | undefined
  const start = async (): Promise<RelayProcess> => {
    const input = new PassThrough()
    // It has ended, which is told by its exit.
    input.on('error', () => undefined)
    const running = await node.spawn(['perl', '-e', relayScript], { input, maxBytes: 1 << 16 })
    return new RelayProcess(node, running, input, () => (process = undefined))
  }
  return {
    dial: (to, dialSignal) => {
      const connection = addAbortSignal(dialSignal, new RelayedConnection(to))
      if (connection.destroyed) return connection
      process ??= start()
      process.then(
        (relay) => relay.open(connection, to),
        (error: unknown) => {
          process = undefined
          connection.destroy(error instanceof Error ? error : new Error(messageOf(error)))
        },
      )
      return connection
    },
    [Symbol.asyncDispose]: async () => {
      await (await process?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}

/** One process, from its start to its end. */
class RelayProcess implements AsyncDisposable {
  readonly #running: RunningCommand
  readonly #input: PassThrough
  readonly #open = new Map<number, RelayedConnection>()
  #last = 0
  #ended: Error | undefined

  constructor(node: Node, running: RunningCommand, input: PassThrough, onEnd: () => void) {
    this.#running = running
    this.#input = input
    void this.#listen().then((why) => {
      onEnd()
      this.#ended = new Error(`the process on ${node.name} that tries it has ended${why}`)
      for (const connection of this.#open.values()) connection.destroy(this.#ended)
    })
  }

  open(connection: RelayedConnection, to: Destination): void {
    if (connection.destroyed) return
    if (this.#ended !== undefined) {
      connection.destroy(this.#ended)
      return
    }
    const id = ++this.#last
    const send = (type: number, payload: Uint8Array = Buffer.alloc(0)): void => this.#send(id, type, payload)
    const sender: Sender = {
      data: (bytes) => send(DATA, bytes),
      end: () => send(END),
      close: () => {
        send(CLOSE)
        this.#open.delete(id)
      },
    }
    this.#open.set(id, connection)
    const place = to.protocol === 'unix' ? [to.path] : [to.host, String(to.port)]
    connection.attach(sender)
    send(OPEN, Buffer.from([to.protocol, ...place].join('\n')))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#input.end()
    await this.#running.stop()
  }

  #send(id: number, type: number, payload: Uint8Array): void {
    if (!this.#input.writable) return
    const header = Buffer.alloc(HEADER)
    header.writeUInt32BE(id, 0)
    header.writeUInt8(type, 4)
    header.writeUInt32BE(payload.length, 5)
    this.#input.write(Buffer.concat([header, payload]))
  }

  /** Hands out what comes until the process ends; gives what it said last. Never rejects. */
  async #listen(): Promise<string> {
    try {
      let rest = Buffer.alloc(0)
      for await (const chunk of this.#running.stdout) {
        rest = Buffer.concat([rest, chunk])
        let at = 0
        while (rest.length - at >= HEADER) {
          const end = at + HEADER + rest.readUInt32BE(at + 5)
          if (rest.length < end) break
          this.#take(rest.readUInt32BE(at), rest.readUInt8(at + 4), rest.subarray(at + HEADER, end))
          at = end
        }
        rest = rest.subarray(at)
      }
    } catch {
      // A connection to the node that was lost: there is no more to come.
      await this.#running.stop()
    }
    const { stderr } = await this.#running.done
    const last = stderr.trim().split('\n').at(-1) ?? ''
    return last === '' ? '' : `: ${last}`
  }

  #take(id: number, type: number, payload: Buffer): void {
    const connection = this.#open.get(id)
    if (connection === undefined) return
    switch (type) {
      case CONNECTED:
        connection.connected()
        break
      case DATA:
        connection.receive(payload)
        break
      case END:
        connection.receive(null)
        break
      case FAILED:
        this.#open.delete(id)
        connection.fail(payload.toString())
    }
  }
}
