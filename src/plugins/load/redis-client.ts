/** A key-value client of Redis: one connection, one command at a time. */
import type { Socket } from 'node:net'
import { lost, OperationError, type Answer } from './client.ts'
import type { KeyValueClient } from './key-value.ts'
import { encodeCommand, ReplyError, ReplyReader, type Reply } from './resp.ts'
import { openSocket, type Address } from './socket.ts'

export interface RedisSettings {
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly database: number
}

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
    if (reply === 'OK') return { outcome: 'ok' }
    throw unexpected(reply)
  }

  async cas(key: string, from: string | null, to: string): Promise<Answer> {
    const reply = await this.#command('EVAL', CAS, '1', key, to, ...(from === null ? [] : [from]))
    if (reply === 1 || reply === 0) return { outcome: reply === 1 ? 'ok' : 'mismatch' }
    throw unexpected(reply)
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
    if (!this.#isReady) await this.#open()
    return await this.#exchange(words)
  }

  async #open(): Promise<void> {
    const socket = await openSocket(this.#address, (opening) => {
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
    const { user, password, database } = this.#settings
    if (password !== undefined) {
      await this.#exchange(['AUTH', ...(user === undefined ? [] : [user]), password])
    }
    if (database !== 0) await this.#exchange(['SELECT', String(database)])
    this.#isReady = true
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
