/**
 * One connection over which HTTP requests go, one after another. Node's own client takes five times as much of a processor
 * for each, which is then missing for the load.
 */
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { lost, unreachable, type OperationError } from './client.ts'
import { HttpAnswerReader, type HttpAnswer } from './http-answer.ts'

export interface HttpRequest {
  readonly method: string
  /** Below the base of the connection. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

interface Pending {
  readonly reader: HttpAnswerReader
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (error: OperationError) => void
}

export class HttpConnection {
  readonly #base: URL
  /** Before the path of a request. */
  readonly #prefix: string
  #socket: Socket | undefined
  #isConnected = false
  #pending: Pending | undefined

  /** Takes the URL that all paths are below. */
  constructor(base: string) {
    this.#base = new URL(base)
    this.#prefix = this.#base.pathname.replace(/\/$/, '')
  }

  /** Resolves with any status; rejects with an OperationError. */
  exchange(request: HttpRequest, wantsBody: boolean): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#pending = { reader: new HttpAnswerReader(request.method, wantsBody), resolve, reject }
      const socket = (this.#socket ??= this.#connect())
      const { body = '' } = request
      const head = this.#headOf(request, body)
      if (body === '') socket.write(head, 'latin1')
      else socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]))
    })
  }

  /** Closes it; the request that is under way rejects with the error. The next one connects again. */
  drop(error: OperationError): void {
    if (this.#socket !== undefined) this.#fail(this.#socket, error)
  }

  #headOf({ method, path, headers = {} }: HttpRequest, body: string): string {
    const given = Object.keys(headers).map((name) => name.toLowerCase())
    let head = `${method} ${this.#prefix}${path} HTTP/1.1\r\n`
    if (!given.includes('host')) head += `Host: ${this.#base.host}\r\n`
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`
    const mayHaveBody = !['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'].includes(method)
    if ((body !== '' || mayHaveBody) && !given.includes('content-length'))
      head += `Content-Length: ${Buffer.byteLength(body)}\r\n`
    return `${head}\r\n`
  }

  #connect(): Socket {
    const { protocol, hostname, port } = this.#base
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const isSecure = protocol === 'https:'
    const where = { host, port: Number(port) || (isSecure ? 443 : 80), noDelay: true }
    const named = isIP(host) === 0 ? { servername: host } : {}
    const socket = isSecure
      ? connectSecurely({ ...where, ...named, ALPNProtocols: ['http/1.1'] })
      : connect(where)
    this.#isConnected = false
    socket.once('connect', () => {
      if (this.#socket === socket) this.#isConnected = true
    })
    socket.on('data', (bytes: Buffer) => this.#take(socket, bytes))
    socket.on('error', (error) => this.#fail(socket, error))
    socket.on('close', () => {
      const answer = this.#socket === socket ? this.#pending?.reader.end() : undefined
      if (answer === undefined) this.#fail(socket, hungUp())
      else this.#settle(socket, answer, false)
    })
    return socket
  }

  #take(socket: Socket, bytes: Buffer): void {
    if (this.#socket !== socket) return
    if (this.#pending === undefined) {
      this.#fail(socket, new Error('an answer that nobody asked for'))
      return
    }
    const { reader } = this.#pending
    try {
      const answer = reader.take(bytes)
      if (answer !== undefined) this.#settle(socket, answer, reader.keepsAlive)
    } catch (error) {
      this.#fail(socket, error)
    }
  }

  #settle(socket: Socket, answer: HttpAnswer, keepsAlive: boolean): void {
    const pending = this.#pending
    this.#pending = undefined
    if (!keepsAlive) {
      this.#socket = undefined
      socket.destroy()
    }
    pending?.resolve(answer)
  }

  #fail(socket: Socket, error: unknown): void {
    if (this.#socket !== socket) return
    const pending = this.#pending
    this.#pending = undefined
    this.#socket = undefined
    // The code of an error does not tell: EHOSTUNREACH can end a connection over which a request has gone.
    pending?.reject(this.#isConnected ? lost(error) : unreachable(error))
    socket.destroy()
  }
}

const hungUp = (): Error =>
  Object.assign(new Error('the server closed the connection'), { code: 'ECONNRESET' })
