/**
 * One answer of HTTP/1.1 as it comes in pieces (RFC 9112): statuses before the final one are passed over, the body ends by
 * its length, by its last chunk or with the connection.
 */

export interface HttpAnswer {
  readonly status: number
  /** Empty when it was not asked for. */
  readonly body: string
}

/** Longer no head of an answer is, nor the line before a chunk, in bytes. */
const LONGEST_HEAD = 1 << 16
/** Longer no body is that somebody wants, in bytes. */
const LONGEST_BODY = 16 << 20
const END_OF_HEAD = Buffer.from('\r\n\r\n')
const END_OF_LINE = Buffer.from('\r\n')

/** What comes next. */
type Part = 'head' | 'body' | 'until-close' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'nothing'

export class HttpAnswerReader {
  /** Whether the connection can take another request after it. */
  keepsAlive = false
  readonly #hasBody: boolean
  readonly #wantsBody: boolean
  readonly #chunks: Buffer[] = []
  /** Bytes in them. */
  #kept = 0
  #part: Part = 'head'
  #status = 0
  /** Bytes that the body, or a chunk of it, still has. */
  #left = 0
  /** What has come and was not looked at yet. */
  #rest: Buffer = Buffer.alloc(0)

  /** Takes the method of the request: the answer to HEAD has no body, whatever it says. */
  constructor(method: string, wantsBody: boolean) {
    this.#hasBody = method !== 'HEAD'
    this.#wantsBody = wantsBody
  }

  /** Gives the answer once it is whole. Throws for what is no HTTP. */
  take(bytes: Buffer): HttpAnswer | undefined {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#part !== 'nothing' && this.#step());
    if (this.#part !== 'nothing') return undefined
    // What nobody asked for.
    if (this.#rest.length > 0) this.keepsAlive = false
    return this.#answer()
  }

  /** The other side has closed the connection: gives the answer if it ends so. */
  end(): HttpAnswer | undefined {
    return this.#part === 'until-close' ? this.#answer() : undefined
  }

  #answer(): HttpAnswer {
    return { status: this.#status, body: Buffer.concat(this.#chunks).toString('utf8') }
  }

  /** Looks at what comes next; false when more is needed for that. */
  #step(): boolean {
    switch (this.#part) {
      case 'head': {
        const head = this.#before(END_OF_HEAD)
        if (head === undefined) return false
        this.#readHead(head)
        return true
      }
      case 'body':
      case 'chunk':
        this.#takeBody(this.#left)
        if (this.#left > 0) return false
        this.#part = this.#part === 'body' ? 'nothing' : 'chunk-end'
        return true
      case 'until-close':
        this.#takeBody(this.#rest.length)
        return false
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer': {
        const line = this.#before(END_OF_LINE)
        if (line === undefined) return false
        this.#readLine(line)
        return true
      }
      case 'nothing':
        return false
    }
  }

  #readHead(head: string): void {
    const [, minor, code] = /^HTTP\/1\.(\d) (\d{3})(?: |\r|$)/.exec(head) ?? []
    if (code === undefined) throw new Error(`no answer of HTTP/1.1: ${JSON.stringify(head.slice(0, 80))}`)
    this.#status = Number(code)
    if (this.#status < 200 && this.#status !== 101) return
    const connection = /\r\nconnection:([^\r]*)/i.exec(head)?.[1] ?? ''
    this.keepsAlive = minor === '0' ? /keep-alive/i.test(connection) : !/\bclose\b/i.test(connection)
    const length = /\r\ncontent-length:[ \t]*(\d+)[ \t]*(?:\r|$)/i.exec(head)?.[1]
    const isEmpty = !this.#hasBody || this.#status === 204 || this.#status === 304 || this.#status === 101
    if (this.#status === 101) this.keepsAlive = false
    const isChunked = /\r\ntransfer-encoding:[^\r]*chunked/i.test(head)
    // Who says both may be telling two stories (RFC 9112, 6.3).
    if (isChunked && length !== undefined) this.keepsAlive = false
    if (isEmpty) this.#part = 'nothing'
    else if (isChunked) this.#part = 'chunk-size'
    else if (length === '0') this.#part = 'nothing'
    else if (length === undefined) {
      this.#part = 'until-close'
      this.keepsAlive = false
    } else {
      this.#part = 'body'
      this.#left = Number(length)
    }
  }

  #readLine(line: string): void {
    if (this.#part === 'chunk-size') {
      const size = /^[\da-f]{1,8}(?=[ \t;]|$)/i.exec(line)?.[0]
      if (size === undefined) throw new Error(`no size of a chunk: ${JSON.stringify(line.slice(0, 80))}`)
      this.#left = Number.parseInt(size, 16)
      this.#part = this.#left === 0 ? 'trailer' : 'chunk'
    } else if (this.#part === 'trailer') {
      if (line === '') this.#part = 'nothing'
    } else if (line === '') {
      this.#part = 'chunk-size'
    } else {
      throw new Error('a chunk is longer than it says')
    }
  }

  /** What stands before a mark, which is passed over; undefined when the mark has not come. */
  #before(mark: Buffer): string | undefined {
    const end = this.#rest.indexOf(mark)
    if (end < 0 || end > LONGEST_HEAD) {
      if (this.#rest.length > LONGEST_HEAD)
        throw new Error(`no end of a line or head in ${LONGEST_HEAD} bytes`)
      return undefined
    }
    const text = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + mark.length)
    return text
  }

  #takeBody(most: number): void {
    const part = this.#rest.subarray(0, most)
    if (this.#wantsBody && part.length > 0) {
      this.#kept += part.length
      if (this.#kept > LONGEST_BODY) throw new Error(`an answer of more than ${LONGEST_BODY} bytes`)
      this.#chunks.push(part)
    }
    this.#rest = this.#rest.subarray(part.length)
    this.#left -= part.length
  }
}
