/** Descriptor and path among the arguments of a call, and strace's escapes undone. */
import type { CallInfo } from './parse-calls.ts'
import { GREATER, isDigit, LESS, MINUS, QUOTE_MARK } from './parse-line.ts'

const [BACKSLASH, SLASH, COMMA, CLOSING_BRACE] = [0x5c, 0x2f, 0x2c, 0x7d]
/** A descriptor stands by itself: `, 3<`, `[3<`, `fd=3<`, `(3<`; not `x3<`. */
const BEFORE_DESCRIPTOR = [COMMA, 0x20, 0x5b, 0x3d, 0x28]
const SUN_PATH = 'sun_path='
/** Linux has PATH_MAX 4096; a longer one is no path. */
const LONGEST_PATH = 16_384

export class Arguments {
  /** First descriptor, or -1. */
  fd = -1
  /** The first path is `path` from `pathStart` up to `pathEnd`; empty when there is none. */
  path: Uint8Array = new Uint8Array()
  pathStart = 0
  pathEnd = 0
  readonly #scratch = new Uint8Array(LONGEST_PATH * 2)

  /**
   * Looks at the arguments between `start` and `end`. A relative path behind a directory's descriptor with a known
   * path (-y) is joined to it; a call without a path of its own has that of its first descriptor.
   */
  read(call: CallInfo, bytes: Uint8Array, start: number, end: number): void {
    this.fd = -1
    this.pathStart = 0
    this.pathEnd = 0
    if (call.fd || bytes[start] === 0x5b) this.#leadingFd(call, bytes, start, end)
    let note = -1
    let noteEnd = -1
    let at = start
    for (; at < end; at++) {
      const byte = bytes[at]
      if (byte === QUOTE_MARK) {
        if (call.path || !call.address || endsWith(bytes, start, at, SUN_PATH)) break
        at = closingQuote(bytes, at, end)
      } else if (byte === LESS && note === -1 && this.#isAnnotation(bytes, start, at)) {
        note = at + 1
        noteEnd = closingAngle(bytes, note, end)
        at = noteEnd
      }
    }
    const directory = note !== -1 && bytes[note] === SLASH
    if (at < end && (call.path || call.address)) {
      const close = closingQuote(bytes, at, end)
      if (close > at + 1) return this.#string(bytes, at + 1, close, directory ? note : -1, noteEnd)
    }
    if (directory) this.#string(bytes, note, pathEndOf(bytes, note, noteEnd), -1, -1)
  }

  #leadingFd(call: CallInfo, bytes: Uint8Array, start: number, end: number): void {
    let at = start
    if (!call.fd) {
      if (!startsAt(bytes, start, end, '[{fd=')) return
      at += 5
    }
    const first = at
    let fd = 0
    for (; at < end && isDigit(bytes[at]); at++) fd = fd * 10 + (bytes[at] ?? 0) - 48
    const after = bytes[at]
    const ends = at === end || after === COMMA || after === LESS || after === CLOSING_BRACE
    if (at > first && ends && fd < 2 ** 31) this.fd = fd
  }

  /** Whether the `<` at `at` opens what -y says of a descriptor: `3<`, `AT_FDCWD<`, and not `1<<2`. */
  #isAnnotation(bytes: Uint8Array, start: number, at: number): boolean {
    if (bytes[at + 1] === LESS) return false
    if (at - start >= 8 && endsWith(bytes, start, at, 'AT_FDCWD')) return true
    let first = at
    let fd = 0
    let scale = 1
    while (first > start && isDigit(bytes[first - 1])) {
      fd += ((bytes[--first] ?? 0) - 48) * scale
      scale *= 10
    }
    if (first === at) return false
    const before = first === start ? COMMA : bytes[first - 1]
    if (before === undefined || !BEFORE_DESCRIPTOR.includes(before)) return false
    if (this.fd === -1 && fd < 2 ** 31) this.fd = fd
    return true
  }

  #string(bytes: Uint8Array, start: number, end: number, directory: number, directoryEnd: number): void {
    const relative = directory !== -1 && bytes[start] !== SLASH
    if (!relative && !hasBackslash(bytes, start, end)) {
      this.path = bytes
      this.pathStart = start
      this.pathEnd = Math.min(end, start + LONGEST_PATH)
      return
    }
    const scratch = this.#scratch
    let length = 0
    if (relative) {
      length = unescape(bytes, directory, pathEndOf(bytes, directory, directoryEnd), scratch, 0)
      if (scratch[length - 1] !== SLASH) scratch[length++] = SLASH
    }
    this.path = scratch
    this.pathEnd = unescape(bytes, start, end, scratch, length)
  }
}

/** Where the string that opens at `open` ends; `end` when it is cut off. */
function closingQuote(bytes: Uint8Array, open: number, end: number): number {
  let at = open + 1
  while (at < end && bytes[at] !== QUOTE_MARK) at += bytes[at] === BACKSLASH ? 2 : 1
  return Math.min(at, end)
}

/** Where the annotation that begins at `start` ends: `<` nests in those of devices, `->` stands in those of sockets. */
function closingAngle(bytes: Uint8Array, start: number, end: number): number {
  let depth = 1
  for (let at = start; at < end; at++) {
    if (bytes[at] === LESS) depth++
    else if (bytes[at] === GREATER && bytes[at - 1] !== MINUS && --depth === 0) return at
  }
  return end
}

/** End of the path in an annotation: devices have their numbers behind it, `</dev/null<char 1:3>>`. */
function pathEndOf(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === LESS) return at
  return end
}

function hasBackslash(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true
  return false
}

const LETTERS: Readonly<Record<number, number>> = { 0x6e: 10, 0x74: 9, 0x72: 13, 0x76: 11, 0x66: 12 }

/** Writes the bytes that an escaped string stands for behind `length`; gives the new length. */
export function unescape(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outStart: number,
): number {
  let length = outStart
  for (let at = start; at < end && length < out.length - 1; at++) {
    let byte = bytes[at] ?? 0
    if (byte === BACKSLASH && at + 1 < end) {
      byte = bytes[++at] ?? 0
      if (byte >= 48 && byte <= 55) {
        let value = 0
        const stop = Math.min(end, at + 3)
        for (; at < stop && (bytes[at] ?? 0) >= 48 && (bytes[at] ?? 0) <= 55; at++) {
          value = value * 8 + (bytes[at] ?? 0) - 48
        }
        at--
        byte = value & 0xff
      } else if (byte === 0x78 && at + 2 < end) {
        const value = Number.parseInt(String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0), 16)
        if (!Number.isNaN(value)) {
          byte = value
          at += 2
        }
      } else byte = LETTERS[byte] ?? byte
    }
    out[length++] = byte
  }
  return length
}

function endsWith(bytes: Uint8Array, start: number, end: number, expected: string): boolean {
  return end - expected.length >= start && startsAt(bytes, end - expected.length, end, expected)
}

function startsAt(bytes: Uint8Array, start: number, end: number, expected: string): boolean {
  if (start + expected.length > end) return false
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected.charCodeAt(index)) return false
  }
  return true
}
