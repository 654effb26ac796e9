/** One HTTP request on a connection of its own: a server that no longer accepts would still serve an old one. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Dial, ProbeResult } from '../../plugin/probe.ts'
import { quote, matches } from './answer.ts'
import { Attempt } from './attempt.ts'

export interface HttpAttempt {
  readonly url: URL
  /** Path of a Unix socket to send it through. */
  readonly socket?: string | undefined
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** Status codes such as `200`, or classes such as `2xx`. */
  readonly status: readonly string[]
  readonly expect?: RegExp | undefined
  readonly follow: boolean
  readonly verify: boolean
  readonly timeoutMs: number
  /** Where connections are not made from this process. */
  readonly dial?: Dial | undefined
}

/** Bytes of a body that are read; what comes after is not waited for. */
const MOST_BODY_BYTES = 1 << 20
const MOST_REDIRECTS = 10
const redirects: readonly number[] = [301, 302, 303, 307, 308]

interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: Uint8Array
}

/** One attempt; its connections are gone when the promise resolves. Never rejects. */
export async function tryHttp(options: HttpAttempt, signal: AbortSignal): Promise<ProbeResult> {
  using attempt = new Attempt(signal, options.timeoutMs)
  try {
    let { method, headers, body } = options
    let url: URL = options.url
    for (let hop = 0; ; hop++) {
      const answer = await send({ ...options, url, method, headers, body }, attempt)
      if (!options.follow || answer.location === undefined) return judge(answer, options, attempt)
      if (hop === MOST_REDIRECTS) return attempt.refused(`more than ${MOST_REDIRECTS} redirects`)
      const next = URL.canParse(answer.location, url.href) ? new URL(answer.location, url) : undefined
      if (next === undefined || !/^https?:$/.test(next.protocol)) {
        return attempt.refused(`redirected to ${quote(Buffer.from(answer.location))}`)
      }
      // As browsers do: what is private stays with the origin, and only 307 and 308 repeat the request as it was.
      if (next.origin !== url.origin) headers = withoutCredentials(headers)
      if (answer.status < 307 && method !== 'HEAD') {
        method = 'GET'
        body = undefined
      }
      url = next
    }
  } catch (error) {
    return attempt.failure(error)
  }
}

function judge(answer: Answer, { status, expect }: HttpAttempt, attempt: Attempt): ProbeResult {
  const values = { http_status_code: answer.status, http_body_bytes: answer.body.length }
  attempt.stage = 'done'
  const code = String(answer.status)
  if (!status.includes(code) && !status.includes(`${code.charAt(0)}xx`)) {
    return attempt.refused(`status ${code}, expected ${status.join(' or ')}`, values)
  }
  if (expect !== undefined && !matches(answer.body, expect)) {
    return attempt.refused(`the body does not match ${expect}: ${quote(answer.body)}`, values)
  }
  return attempt.success(values)
}

async function send(options: HttpAttempt, attempt: Attempt): Promise<Answer> {
  const { url, socket, method, headers, body, verify, dial } = options
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    headers: { 'user-agent': 'quarry', ...headers, connection: 'close' },
    signal: attempt.signal,
    ...(socket === undefined ? {} : { socketPath: socket }),
    // An agent would make connections of its own.
    ...(dial === undefined
      ? { agent: false }
      : { createConnection: () => dialed(options, dial, attempt.signal) }),
    rejectUnauthorized: verify,
  } satisfies RequestOptions & { rejectUnauthorized: boolean })
  request.on('socket', (connection: Duplex) => {
    connection.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => attempt.connected())
  })
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on('finish', () => {
        if (attempt.stage === 'send') attempt.stage = 'receive'
      })
      request.on('response', resolve)
      // Nothing but an answer is expected; a server that switches protocols has answered.
      request.on('upgrade', resolve)
      request.on('error', reject)
      request.end(body)
    })
    attempt.stage = 'receive'
    const status = response.statusCode ?? 0
    const location = redirects.includes(status) ? response.headers.location : undefined
    return { status, location, body: await readBody(response, attempt) }
  } finally {
    request.destroy()
  }
}

/** A connection for the request, encrypted where its URL says so. */
function dialed({ url, socket: path, verify }: HttpAttempt, dial: Dial, signal: AbortSignal): Duplex {
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  const socket = dial(
    path === undefined ? { protocol: 'tcp', host, port } : { protocol: 'unix', path },
    signal,
  )
  if (!isTls) return socket
  return connectTls({
    socket,
    rejectUnauthorized: verify,
    ...(isIP(host) === 0 ? { servername: host } : { host }),
  })
}

async function readBody(response: IncomingMessage, attempt: Attempt): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      length += chunk.length
      attempt.received = length
      if (length >= MOST_BODY_BYTES) break
    }
  } catch (error) {
    if (attempt.signal.aborted) throw error
    throw new Error(`the answer broke off after ${length} bytes of its body`, { cause: error })
  }
  return Buffer.concat(chunks).subarray(0, MOST_BODY_BYTES)
}

const withoutCredentials = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(authorization|cookie|proxy-authorization)$/i.test(name)),
  )
