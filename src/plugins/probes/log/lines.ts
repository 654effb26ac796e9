/** Counts lines, and those that match a pattern. */

/** Bytes of a line that are looked at. */
const MOST_LINE_BYTES = 64 << 10
const QUOTED = 200
const NEWLINE = 10
const nothing: Uint8Array = new Uint8Array()

/** Takes bytes that may end anywhere; the rest of a line is waited for. Only the beginning of a giant line is kept. */
export class LineCounter {
  readonly #pattern: RegExp | undefined
  #pending = nothing
  #lines = 0
  #matches = 0
  #last = ''

  constructor(pattern: RegExp | undefined) {
    this.#pattern = pattern
  }

  /** Starts counting from zero; what is pending stays. */
  begin(): void {
    this.#lines = 0
    this.#matches = 0
    this.#last = ''
  }

  /** Lines and matches since `begin`; `last` is the last match, for a sentence. */
  counts(): { readonly lines: number; readonly matches: number; readonly last: string } {
    return { lines: this.#lines, matches: this.#matches, last: this.#last }
  }

  /** More bytes; those of a new file end the last line of the previous one. */
  push(bytes: Uint8Array, isNewFile: boolean): void {
    if (isNewFile && this.#pending.length > 0) this.#endLine(nothing)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#endLine(bytes.subarray(start, end))
      start = end + 1
    }
    this.#keep(bytes.subarray(start))
  }

  /** The last bytes of a line, of which others may be pending. */
  #endLine(bytes: Uint8Array): void {
    if (this.#pending.length === 0) {
      this.#line(bytes.subarray(0, MOST_LINE_BYTES))
      return
    }
    this.#keep(bytes)
    this.#line(this.#pending)
    this.#pending = nothing
  }

  #keep(bytes: Uint8Array): void {
    const room = MOST_LINE_BYTES - this.#pending.length
    if (bytes.length === 0 || room <= 0) return
    this.#pending = Buffer.concat([this.#pending, bytes.subarray(0, room)])
  }

  #line(bytes: Uint8Array): void {
    this.#lines++
    if (this.#pattern === undefined) return
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    if (!this.#pattern.test(text)) return
    this.#matches++
    this.#last = text.slice(0, QUOTED).replaceAll(/\p{Cc}/gu, ' ')
  }
}
