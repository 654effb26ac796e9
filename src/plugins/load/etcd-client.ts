/** A key-value client of etcd, through the JSON gateway that it has beside gRPC: keys and values are in base 64. */
import { z } from 'zod'
import { OperationError, type Answer } from './client.ts'
import { HttpConnection } from './http-connection.ts'
import type { KeyValueClient } from './key-value.ts'

export interface EtcdSettings {
  /** A serializable read asks only the server at hand, and may be old. */
  readonly serializable: boolean
}

const rangeAnswer = z.object({ kvs: z.array(z.object({ value: z.string().default('') })).default([]) })
const putAnswer = z.object({ header: z.object({ revision: z.string() }) })
// What is false is left out.
const txnAnswer = z.object({ header: z.object({}), succeeded: z.boolean().default(false) })

const encode = (text: string): string => Buffer.from(text).toString('base64')

export class EtcdClient implements KeyValueClient {
  readonly #connection: HttpConnection
  readonly #settings: EtcdSettings

  /** Takes the URL of a client port, such as http://127.0.0.1:2379. */
  constructor(target: string, settings: EtcdSettings) {
    this.#connection = new HttpConnection(target)
    this.#settings = settings
  }

  async connect(): Promise<void> {
    await this.read('')
  }

  async read(key: string): Promise<Answer> {
    const { serializable } = this.#settings
    // etcd has no empty key: that asks for one that is not there.
    const given = await this.#call(
      'range',
      { key: encode(key === '' ? '\0' : key), serializable },
      rangeAnswer,
    )
    const [first] = given.kvs
    return {
      outcome: 'ok',
      value: first === undefined ? null : Buffer.from(first.value, 'base64').toString(),
    }
  }

  async write(key: string, value: string): Promise<Answer> {
    await this.#call('put', { key: encode(key), value: encode(value) }, putAnswer)
    return { outcome: 'ok' }
  }

  async cas(key: string, from: string | null, to: string): Promise<Answer> {
    const compare =
      from === null
        ? { key: encode(key), target: 'VERSION', result: 'EQUAL', version: '0' }
        : { key: encode(key), target: 'VALUE', result: 'EQUAL', value: encode(from) }
    const success = [{ requestPut: { key: encode(key), value: encode(to) } }]
    const { succeeded } = await this.#call('txn', { compare: [compare], success }, txnAnswer)
    return { outcome: succeeded ? 'ok' : 'mismatch' }
  }

  drop(error: OperationError): void {
    this.#connection.drop(error)
  }

  /** Whatever is not a plain answer may have been done all the same: a leader can be lost after it has proposed. */
  async #call<T>(verb: string, body: unknown, schema: z.ZodType<T>): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', path: `/v3/kv/${verb}`, headers, body: JSON.stringify(body) }
    const { status, body: text } = await this.#connection.exchange(request, true)
    if (status !== 200)
      throw new OperationError(`status ${status}`, `${verb} gave ${status}: ${text.slice(0, 200)}`)
    try {
      return schema.parse(JSON.parse(text))
    } catch {
      throw new OperationError('unexpected answer', `unexpected answer to ${verb}: ${text.slice(0, 200)}`)
    }
  }
}
