/** HTTP requests whose time, size and redirects are bounded, for servers that may be slow, huge or hostile. */
import { abortReason, withTimeout } from './abort.ts'
import { EnvironmentError, messageOf } from './errors.ts'

export interface HttpRequest {
  /** A user and password in it become basic authentication, and are not shown in errors. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Fields of a form to POST; without them it is a GET. */
  readonly form?: Readonly<Record<string, string>>
  /** For the whole exchange, body included. */
  readonly timeoutMs: number
  /** Bytes of the body, after decompression, beyond which it fails. */
  readonly maxBytes: number
  readonly signal: AbortSignal
}

export interface HttpAnswer extends Disposable {
  readonly status: number
  readonly contentType: string
  /** Reading fails with an EnvironmentError when it is too long, too slow or breaks off. */
  readonly body: AsyncIterable<Uint8Array>
}

const maxRedirects = 5

/** Sends a request and gives the head of the answer, whatever its status. Dispose it to let go of the connection. */
export async function openHttp(request: HttpRequest): Promise<HttpAnswer> {
  const { timeoutMs, maxBytes } = request
  const shown = withoutCredentials(request.url)
  const limit = withTimeout(request.signal, timeoutMs, `no complete answer within ${timeoutMs} ms`)
  // Closing the connection must not wait for the rest of the body.
  const closed = new AbortController()
  const signal = AbortSignal.any([limit.signal, closed.signal])
  const dispose = (): void => {
    limit[Symbol.dispose]()
    closed.abort(new Error('the answer is not needed any more'))
  }
  const failure = (error: unknown): Error => {
    if (request.signal.aborted) return abortReason(request.signal)
    const why = limit.signal.aborted ? abortReason(limit.signal) : causeOf(error)
    return new EnvironmentError(`${shown}: ${messageOf(why)}`, {
      code: 'QUARRY_HTTP',
      remedy: `see whether it answers: curl -sS -D - ${shown}`,
      cause: error,
    })
  }
  try {
    const response = await follow(request, signal)
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      body: bounded(response.body, maxBytes, failure),
      [Symbol.dispose]: dispose,
    }
  } catch (error) {
    dispose()
    throw failure(error)
  }
}

/** Sends a request and gives the whole answer as text. */
export async function fetchText(
  request: HttpRequest,
): Promise<{ readonly status: number; readonly contentType: string; readonly text: string }> {
  using answer = await openHttp(request)
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of answer.body) text += decoder.decode(chunk, { stream: true })
  return { status: answer.status, contentType: answer.contentType, text: text + decoder.decode() }
}

/** Follows redirects by itself: headers such as a token must not go to another server. */
async function follow(request: HttpRequest, signal: AbortSignal): Promise<Response> {
  let url = new URL(request.url)
  let headers: Record<string, string> = { ...request.headers, ...basicAuthentication(url) }
  for (let redirects = 0; ; redirects++) {
    url.username = ''
    url.password = ''
    const init =
      request.form === undefined ? {} : { method: 'POST', body: new URLSearchParams({ ...request.form }) }
    const response = await fetch(url, { ...init, headers, redirect: 'manual', signal })
    const location = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response
    await response.body?.cancel()
    if (redirects === maxRedirects) throw new Error(`more than ${maxRedirects} redirects`)
    const next = new URL(location, url)
    if (next.origin !== url.origin) headers = {}
    url = next
  }
}

function basicAuthentication(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {}
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function withoutCredentials(text: string): string {
  const url = URL.parse(text)
  if (url === null) return text
  url.username = ''
  url.password = ''
  return url.href
}

async function* bounded(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
  failure: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`)
      yield chunk
    }
  } catch (error) {
    throw failure(error)
  }
}

/** `fetch failed` says nothing; its cause does. */
const causeOf = (error: unknown): unknown =>
  error instanceof TypeError && error.cause !== undefined ? error.cause : error
