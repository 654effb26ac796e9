/**
 * One line of strace's output, taken apart in place: fields are positions in the bytes, nothing is copied. Formats of
 * strace 4.26 to 6.x with any of -f, -o, -t, -tt, -ttt, -T, -y, -yy, -Y, -x.
 *
 * A call ends `) = RESULT`. Arguments may hold the same characters, in strings and in paths, but what follows them
 * is then no result to the end of the line: so the line is read from its end, and arguments are never looked at.
 */

export type LineKind =
  | 'call'
  | 'unfinished'
  | 'resumed'
  /** Resumed and left again, as when the process ends in the middle. */
  | 'resumed-unfinished'
  | 'exit'
  /** Understood, and no call: signals, stack frames, strace's own messages. */
  | 'other'
  | 'bad'

const UNFINISHED = Buffer.from('<unfinished ...>')
const DETACHED = Buffer.from('<detached ...>')
const EXIT = Buffer.from('exit')
const RESUMED = Buffer.from(' resumed>')
const UNAVAILABLE = Buffer.from(' <unavailable>')
const DELETED = Buffer.from('(deleted)')
/** Process ids are smaller (PID_MAX_LIMIT); what is larger at the start of a line is a time. */
const LARGEST_PID = 4_194_304

const [TAB, SPACE, OPEN, CLOSE, POINT] = [9, 32, 40, 41, 46]
const [ZERO, SEVEN, NINE, COLON, EQUALS, QUESTION] = [48, 55, 57, 58, 61, 63]
export const [QUOTE_MARK, MINUS, LESS, GREATER] = [34, 45, 60, 62]

export class StraceLine {
  bytes: Uint8Array = new Uint8Array()
  /** Thread id before the line, or -1. */
  tid = -1
  /** Command name that -Y puts behind the thread id, escapes and all. */
  commStart = 0
  commEnd = 0
  /** Seconds since the epoch, or since midnight when `timeOfDay`; -1 without a time. */
  seconds = -1
  nanoseconds = 0
  timeOfDay = false
  nameStart = 0
  nameEnd = 0
  argsStart = 0
  argsEnd = 0
  /** Null for `?`. A bigint when it is no safe integer. */
  result: number | bigint | null = null
  errnoStart = 0
  errnoEnd = 0
  /** From -T, in ns, or -1. */
  duration = -1

  /** Takes the line from `start` up to `end`, where its newline is: looking one byte ahead is always possible. */
  parse(bytes: Uint8Array, start: number, end: number): LineKind {
    this.bytes = bytes
    const body = this.#time(this.#prefix(start, end), end)
    if (body >= end) return body === start ? 'other' : 'bad'
    const first = bytes[body]
    if (isNameByte(first)) return this.#call(body, end)
    if (first === LESS) return this.#resumed(body, end)
    if (first === MINUS) return startsWith(bytes, body, end, '--- ') ? 'other' : 'bad'
    if (first === 0x2b) return startsWith(bytes, body, end, '+++ ') ? 'exit' : 'bad'
    return first === GREATER && bytes[start] === SPACE ? 'other' : 'bad'
  }

  /** `[pid 12] `, `[pid 12<comm>] `, `12 `, `12<comm> `, or nothing. */
  #prefix(start: number, end: number): number {
    const { bytes } = this
    this.tid = -1
    this.commEnd = this.commStart
    let at = skipBlanks(bytes, start, end)
    const bracket = bytes[at] === 0x5b && startsWith(bytes, at, end, '[pid ')
    if (bracket) at = skipBlanks(bytes, at + 5, end)
    const digits = at
    let tid = 0
    for (; at < end && isDigit(bytes[at]); at++) tid = tid * 10 + (bytes[at] ?? 0) - ZERO
    if (at === digits || tid > LARGEST_PID) return bracket ? end : digits
    const after = bytes[at]
    if (after === LESS) {
      const close = bytes.indexOf(GREATER, at)
      if (close === -1 || close >= end) return end
      this.commStart = at + 1
      this.commEnd = close
      at = close + 1
    } else if (after !== SPACE && !bracket) return digits
    this.tid = tid
    if (bracket && bytes[at] !== 0x5d) return end
    return skipBlanks(bytes, bracket ? at + 1 : at, end)
  }

  /** `1700000000.123456 `, `12:34:56.789012 `, `12:34:56 `, or nothing. */
  #time(start: number, end: number): number {
    const { bytes } = this
    this.seconds = -1
    if (!isDigit(bytes[start])) return start
    let at = start
    let seconds = 0
    let part = 0
    let colons = 0
    for (; at < end; at++) {
      const byte = bytes[at]
      if (isDigit(byte)) part = part * 10 + (byte ?? 0) - ZERO
      else if (byte === COLON) {
        seconds = (seconds + part) * 60
        part = 0
        colons++
      } else break
    }
    seconds += part
    let nanoseconds = 0
    if (bytes[at] === POINT) {
      let scale = 1e8
      for (at++; at < end && isDigit(bytes[at]); at++) {
        nanoseconds += ((bytes[at] ?? 0) - ZERO) * scale
        scale = Math.floor(scale / 10)
      }
    }
    if (bytes[at] !== SPACE) return end
    this.timeOfDay = colons === 2
    this.nanoseconds = nanoseconds
    // Times since the previous line (-r) say nothing by themselves.
    const known = this.timeOfDay ? seconds < 90_000 : colons === 0 && seconds > 1e8 && seconds < 2 ** 32
    if (known) this.seconds = seconds
    return skipBlanks(bytes, at, end)
  }

  #call(start: number, end: number): LineKind {
    const { bytes } = this
    let at = start
    while (at < end && isNameByte(bytes[at])) at++
    if (bytes[at] !== OPEN) {
      const message = startsWith(bytes, start, end, 'strace: ') || startsWith(bytes, start, end, 'Process ')
      return message ? 'other' : 'bad'
    }
    this.nameStart = start
    this.nameEnd = at
    this.argsStart = at + 1
    if (this.#isUnfinished(end)) return 'unfinished'
    if (!this.#tail(end)) return 'bad'
    return this.#neverReturned() ? 'unfinished' : 'call'
  }

  #resumed(start: number, end: number): LineKind {
    const { bytes } = this
    if (!startsWith(bytes, start, end, '<... ')) return 'bad'
    let at = start + 5
    this.nameStart = at
    while (at < end && isNameByte(bytes[at])) at++
    this.nameEnd = at
    if (at === this.nameStart || !hasAt(bytes, at, end, RESUMED)) return 'bad'
    at += RESUMED.length
    // Up to 5.2 strace put a blank there.
    this.argsStart = bytes[at] === SPACE && bytes[at + 1] !== EQUALS ? at + 1 : at
    if (this.#isUnfinished(end)) return 'resumed-unfinished'
    if (!this.#tail(end)) return 'bad'
    return this.#neverReturned() ? 'resumed-unfinished' : 'resumed'
  }

  /**
   * `wait4(-1, <unfinished ...>) = ?`: the thread was killed in it. Strips the mark and the blanks before it. exit and
   * exit_group end so when all goes well.
   */
  #neverReturned(): boolean {
    if (this.result !== null) return false
    const mark = this.argsEnd - UNFINISHED.length
    if (mark < this.argsStart || !hasAt(this.bytes, mark, this.argsEnd, UNFINISHED)) return false
    this.argsEnd = mark
    while (this.argsEnd > this.argsStart && this.bytes[this.argsEnd - 1] === SPACE) this.argsEnd--
    return !hasAt(this.bytes, this.nameStart, this.nameEnd, EXIT)
  }

  /** Strips `<unfinished ...>` or `<detached ...>` and the blank before it. */
  #isUnfinished(end: number): boolean {
    const { bytes } = this
    if (bytes[end - 1] !== GREATER || bytes[end - 2] !== POINT) return false
    let mark = end - UNFINISHED.length
    if (mark < this.argsStart || !hasAt(bytes, mark, end, UNFINISHED)) {
      mark = end - DETACHED.length
      if (mark < this.argsStart || !hasAt(bytes, mark, end, DETACHED)) return false
    }
    this.argsEnd = mark > this.argsStart && bytes[mark - 1] === SPACE ? mark - 1 : mark
    return true
  }

  /** `) = RESULT`, with what may follow it. */
  #tail(lineEnd: number): boolean {
    const { bytes } = this
    const end = this.#durationAt(lineEnd)
    for (let at = end - 2; at > this.argsStart; at--) {
      if (bytes[at] !== EQUALS || bytes[at + 1] !== SPACE || bytes[at - 1] !== SPACE) continue
      let close = at - 2
      while (close > this.argsStart && bytes[close] === SPACE) close--
      if (bytes[close] !== CLOSE || close < this.argsStart || !this.#resultAt(at + 2, end)) continue
      this.argsEnd = close
      return true
    }
    return false
  }

  /** Reads ` <0.000012>` at the end of the line; gives where what precedes it ends. */
  #durationAt(end: number): number {
    const { bytes } = this
    this.duration = -1
    if (bytes[end - 1] !== GREATER || !isDigit(bytes[end - 2])) return end
    let at = end - 2
    let scale = 1
    let value = 0
    let unit = 0
    for (; at > this.argsStart; at--) {
      const byte = bytes[at]
      if (isDigit(byte)) {
        value += ((byte ?? 0) - ZERO) * scale
        scale *= 10
      } else if (byte === POINT && unit === 0) unit = scale
      else break
    }
    if (bytes[at] !== LESS || bytes[at - 1] !== SPACE || unit === 0 || unit === scale) return end
    const duration = Math.round((value / unit) * 1e9)
    if (Number.isSafeInteger(duration)) this.duration = duration
    return at - 1
  }

  /** `-1 ENOENT (No such file or directory)`, `3</path>`, `0x7f12`, `0 (Timeout)`, `?`, and nothing else up to `end`. */
  #resultAt(start: number, end: number): boolean {
    const { bytes } = this
    const at = this.#number(start, end)
    if (at === -1) return false
    if (bytes[at] !== LESS) return this.#suffix(at, end)
    // Annotations may contain any character: the longest one that leaves a valid rest.
    for (let close = end - 1; close > at; close--) {
      if (bytes[close] === GREATER && this.#suffix(close + 1, end)) return true
    }
    return false
  }

  #number(start: number, end: number): number {
    const { bytes } = this
    let at = start
    if (bytes[at] === QUESTION) {
      this.result = null
      return at + 1
    }
    if (bytes[at] === ZERO && bytes[at + 1] === 0x78) {
      at += 2
      const first = at
      let value = 0
      for (let digit = hexDigit(bytes[at]); at < end && digit !== -1; digit = hexDigit(bytes[++at])) {
        value = value * 16 + digit
      }
      if (at === first || at - first > 16) return -1
      this.result = Number.isSafeInteger(value) ? value : BigInt.asIntN(64, BigInt(textOf(bytes, start, at)))
      return at
    }
    const negative = bytes[at] === MINUS
    if (negative) at++
    const first = at
    // Masks and modes are printed in octal, with a leading zero.
    const octal = bytes[at] === ZERO && isDigit(bytes[at + 1])
    let value = 0
    for (; at < end && isDigit(bytes[at]); at++) {
      if (octal && (bytes[at] ?? 0) > SEVEN) return -1
      value = value * (octal ? 8 : 10) + (bytes[at] ?? 0) - ZERO
    }
    if (at === first || at - first > 22) return -1
    if (Number.isSafeInteger(value)) this.result = negative ? -value : value
    else this.result = BigInt(textOf(bytes, start, at).replace(/^0/, '0o'))
    return at
  }

  /** What may follow a result: `(deleted)`, an error's name, something in parentheses. */
  #suffix(start: number, end: number): boolean {
    const { bytes } = this
    this.errnoStart = 0
    this.errnoEnd = 0
    let at = hasAt(bytes, start, end, DELETED) ? start + DELETED.length : start
    if (at < end && bytes[at] === SPACE && isUpper(bytes[at + 1])) {
      const errno = ++at
      while (at < end && (isUpper(bytes[at]) || isDigit(bytes[at]) || bytes[at] === 0x5f)) at++
      this.errnoStart = errno
      this.errnoEnd = at
    }
    if (at === end) return true
    if (bytes[at] !== SPACE) return false
    return (
      (bytes[at + 1] === OPEN && bytes[end - 1] === CLOSE) ||
      (hasAt(bytes, at, end, UNAVAILABLE) && at + UNAVAILABLE.length === end)
    )
  }
}

/** ASCII text of a range of bytes. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0)
  return text
}

export const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= ZERO && byte <= NINE
const isUpper = (byte: number | undefined): boolean => byte !== undefined && byte >= 65 && byte <= 90

/** Letters, digits, underscore, and the `?` of a call that strace does not know. */
const isNameByte = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 97 && byte <= 122) ||
    byte === 0x5f ||
    (byte >= ZERO && byte <= NINE) ||
    (byte >= 65 && byte <= 90) ||
    byte === QUESTION)

const hexDigit = (byte = 0): number => {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO
  return byte >= 97 && byte <= 102 ? byte - 87 : -1
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++
  return at
}

function hasAt(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (start + expected.length > end) return false
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected[index]) return false
  }
  return true
}

function startsWith(bytes: Uint8Array, start: number, end: number, expected: string): boolean {
  if (start + expected.length > end) return false
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected.charCodeAt(index)) return false
  }
  return true
}
