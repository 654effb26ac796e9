/** One connection over which HTTP requests go, one after another. */
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { lost, unreachable, type OperationError } from './client.ts'

export interface HttpRequest {
  readonly method: string
  /** Below the base of the connection. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

export interface HttpAnswer {
  readonly status: number
  /** Empty when it was not asked for. */
  readonly body: string
}

export class HttpConnection {
  readonly #base: URL
  #agent: Agent
  #pending: { readonly request: ClientRequest; readonly fail: (error: unknown) => void } | undefined

  /** Takes the URL that all paths are below. */
  constructor(base: string) {
    this.#base = new URL(base)
    this.#agent = this.#newAgent()
  }

  /** Resolves with any status; rejects with an OperationError. */
  async exchange(
    { method, path, headers = {}, body = '' }: HttpRequest,
    wantsBody: boolean,
  ): Promise<HttpAnswer> {
    const { protocol, hostname, port, pathname } = this.#base
    const send = protocol === 'https:' ? httpsRequest : httpRequest
    return await new Promise((resolve, reject) => {
      // The code of an error does not tell: EHOSTUNREACH can end a connection over which a request has gone.
      let isConnected = false
      const settle = (): void => {
        if (this.#pending?.fail === fail) this.#pending = undefined
      }
      const fail = (error: unknown): void => {
        settle()
        reject(isConnected ? lost(error) : unreachable(error))
      }
      const request = send({
        agent: this.#agent,
        hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
        port,
        method,
        path: pathname.replace(/\/$/, '') + path,
        headers: body === '' ? headers : { 'content-length': Buffer.byteLength(body), ...headers },
      })
      this.#pending = { request, fail }
      request.on('socket', (socket: Socket) => {
        isConnected = !socket.connecting
        if (socket.connecting) socket.once('connect', () => (isConnected = true))
      })
      request.on('error', fail)
      request.on('response', (response: IncomingMessage) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => {
          if (wantsBody) chunks.push(chunk)
        })
        response.on('error', fail)
        response.on('end', () => {
          settle()
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') })
        })
      })
      request.end(body)
    })
  }

  /** Closes it; the request that is under way rejects with the error. The next one connects again. */
  drop(error: OperationError): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.fail(error)
    pending?.request.destroy()
    this.#agent.destroy()
    // The old one would hand out the connection that is just being closed.
    this.#agent = this.#newAgent()
  }

  #newAgent(): Agent {
    const options = { keepAlive: true, maxSockets: 1 }
    return this.#base.protocol === 'https:' ? new TlsAgent(options) : new Agent(options)
  }
}
