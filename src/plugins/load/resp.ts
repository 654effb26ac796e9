/** The protocol of Redis, RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/ */

export type Reply = string | number | null | readonly Reply[] | ReplyError

/** An error that the server replied with, such as `ERR syntax error`. */
export class ReplyError {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** A command as an array of bulk strings. */
export function encodeCommand(words: readonly string[]): string {
  let text = `*${words.length}\r\n`
  for (const word of words) text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`
  return text
}

const CR = 13

/** Cuts what a server sends into replies; chunks may end anywhere. */
export class ReplyReader {
  #pending: Buffer = Buffer.alloc(0)
  #at = 0

  /** The replies that are complete now, in order. Throws for what is no RESP. */
  push(chunk: Buffer): Reply[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const replies: Reply[] = []
    let end = 0
    for (;;) {
      this.#at = end
      const reply = this.#reply()
      if (reply === undefined) break
      replies.push(reply)
      end = this.#at
    }
    this.#pending = this.#pending.subarray(end)
    return replies
  }

  /** The reply that begins here; `undefined` while it is not complete. */
  #reply(): Reply | undefined {
    const line = this.#line()
    if (line === undefined) return undefined
    const rest = line.slice(1)
    switch (line.charAt(0)) {
      case '+':
        return rest
      case '-':
        return new ReplyError(rest)
      case ':':
        return Number(rest)
      case '$':
        return this.#bulk(Number(rest))
      case '*':
        return this.#array(Number(rest))
      default:
        throw new Error(`no reply of Redis: ${JSON.stringify(line.slice(0, 80))}`)
    }
  }

  #line(): string | undefined {
    const end = this.#pending.indexOf(CR, this.#at)
    if (end === -1 || end + 1 >= this.#pending.length) return undefined
    const line = this.#pending.toString('utf8', this.#at, end)
    this.#at = end + 2
    return line
  }

  #bulk(length: number): string | null | undefined {
    if (length === -1) return null
    const end = this.#at + length
    if (this.#pending.length < end + 2) return undefined
    const text = this.#pending.toString('utf8', this.#at, end)
    this.#at = end + 2
    return text
  }

  #array(length: number): Reply | undefined {
    if (length === -1) return null
    const items: Reply[] = []
    while (items.length < length) {
      const item = this.#reply()
      if (item === undefined) return undefined
      items.push(item)
    }
    return items
  }
}
