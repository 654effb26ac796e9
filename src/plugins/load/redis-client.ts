/** A key-value client of Redis: one connection, one command at a time. */
import type { Socket } from 'node:net'
import { messageOf } from '../../base/errors.ts'
import { lost, OperationError, unreachable, type Answer } from './client.ts'
import type { KeyValueClient } from './key-value.ts'
import { encodeCommand, ReplyError, ReplyReader, type Reply } from './resp.ts'
import { openSocket, type Address } from './socket.ts'

export interface RedisSettings {
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly database: number
  /** Name of the master that the sentinel at the target is asked for; the target itself is used without it. */
  readonly sentinel?: string | undefined
  /** Replicas that must confirm a change. */
  readonly replicas: number
}

/** How long replicas may take to confirm a change, ms. */
const CONFIRM_MS = 500

/** Compare and set, as one step of the server. The empty list of arguments after the key means: only when absent. */
const CAS = `local now = redis.call('GET', KEYS[1])
if (#ARGV == 1 and now == false) or (#ARGV == 2 and now == ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[1])
  return 1
end
return 0`

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: OperationError) => void
}

export class RedisClient implements KeyValueClient {
  readonly #address: Address
  readonly #settings: RedisSettings
  #socket: Socket | undefined
  #isReady = false
  #waiting: Waiting | undefined

  constructor(address: Address, settings: RedisSettings) {
    this.#address = address
    this.#settings = settings
  }

  async connect(): Promise<void> {
    await this.#command('PING')
  }

  async read(key: string): Promise<Answer> {
    const reply = await this.#command('GET', key)
    if (reply === null || typeof reply === 'string') return { outcome: 'ok', value: reply }
    throw unexpected(reply)
  }

  async write(key: string, value: string): Promise<Answer> {
    const reply = await this.#command('SET', key, value)
    if (reply !== 'OK') throw unexpected(reply)
    await this.#confirmed()
    return { outcome: 'ok' }
  }

  async cas(key: string, from: string | null, to: string): Promise<Answer> {
    const reply = await this.#command('EVAL', CAS, '1', key, to, ...(from === null ? [] : [from]))
    if (reply === 0) return { outcome: 'mismatch' }
    if (reply !== 1) throw unexpected(reply)
    await this.#confirmed()
    return { outcome: 'ok' }
  }

  drop(error: OperationError): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#isReady = false
    this.#socket?.destroy(error)
    this.#socket = undefined
    waiting?.reject(error)
  }

  async #command(...words: string[]): Promise<Reply> {
    try {
      if (!this.#isReady) await this.#open()
    } catch (error) {
      // Whatever went wrong, the command was not sent.
      throw unreachable(error)
    }
    return await this.#exchange(words)
  }

  /** Sees that enough replicas have what this connection has changed. */
  async #confirmed(): Promise<void> {
    const { replicas } = this.#settings
    if (replicas === 0) return
    // The change has been made, and an error to this says nothing about that.
    const count = await this.#exchange(['WAIT', String(replicas), String(CONFIRM_MS)]).catch(
      (error: unknown) => {
        throw new OperationError('not confirmed', messageOf(error))
      },
    )
    if (typeof count === 'number' && count >= replicas) return
    throw new OperationError(
      'not confirmed',
      `${JSON.stringify(count)} of ${replicas} replicas have confirmed it`,
    )
  }

  async #open(): Promise<void> {
    const { user, password, database, sentinel } = this.#settings
    await this.#connect(sentinel === undefined ? this.#address : await this.#masterOf(sentinel))
    if (password !== undefined) {
      await this.#exchange(['AUTH', ...(user === undefined ? [] : [user]), password])
    }
    if (database !== 0) await this.#exchange(['SELECT', String(database)])
    this.#isReady = true
  }

  /** Asks the sentinel at the target. */
  async #masterOf(name: string): Promise<Address> {
    await this.#connect(this.#address)
    const reply = await this.#exchange(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name])
    const asked = this.#socket
    this.#socket = undefined
    asked?.destroy()
    const [host, port] = Array.isArray(reply) ? (reply as readonly Reply[]) : []
    if (typeof host !== 'string')
      throw new OperationError('no master', `the sentinel knows no master ${name}`)
    return { host, port: Number(port) }
  }

  async #connect(address: Address): Promise<void> {
    const socket = await openSocket(address, (opening) => {
      this.#socket = opening
      // Also while nothing is under way.
      opening.on('error', (error) => this.#ended(opening, error))
      opening.on('close', () => this.#ended(opening, new Error('the server closed the connection')))
    })
    const reader = new ReplyReader()
    socket.on('data', (chunk) => {
      try {
        for (const reply of reader.push(chunk)) this.#take(reply)
      } catch (error) {
        this.drop(lost(error))
      }
    })
  }

  #ended(socket: Socket, error: Error): void {
    if (socket === this.#socket) this.drop(lost(error))
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (reply instanceof ReplyError) {
      // The server says why it did not.
      const code = reply.message.split(' ', 1)[0] ?? 'error'
      waiting?.reject(new OperationError(code, reply.message, { isIndeterminate: false }))
      // It was the master once; the sentinel knows another.
      if (code === 'READONLY' && this.#settings.sentinel !== undefined)
        this.drop(lost(new Error(reply.message)))
    } else {
      waiting?.resolve(reply)
    }
  }

  async #exchange(words: readonly string[]): Promise<Reply> {
    const socket = this.#socket
    if (socket === undefined) throw new OperationError('connection lost', 'the connection was given up')
    return await new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      socket.write(encodeCommand(words))
    })
  }
}

const unexpected = (reply: Reply): OperationError =>
  new OperationError('unexpected reply', `unexpected reply: ${JSON.stringify(reply).slice(0, 200)}`)
