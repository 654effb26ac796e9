/** strace's text to rows of `syscalls`: calls that were interrupted in the text are joined again, by thread. */
import type { Parser, ParseStats, RowSink } from '../../../plugin/evidence.ts'
import { Arguments, unescape } from './parse-arguments.ts'
import { Calls, type CallInfo } from './parse-calls.ts'
import { StraceLine, type LineKind } from './parse-line.ts'
import { syscallsOf } from './parse-rows.ts'
import { appendArgs, Threads, type Identity, type Thread } from './parse-threads.ts'

export interface StraceOptions {
  /** Thread that lines without a pid are about. */
  readonly pid?: number
  /** Process and command of a thread that was running before the trace began. */
  readonly identify?: (tid: number) => Identity | undefined
  /** Clock of the traced node minus the controller's, in ns; taken off every time. */
  readonly clockOffsetNs?: number
  /** Midnight before the trace began, in seconds since the epoch: needed for the times of -t and -tt. */
  readonly midnight?: number
}

/** A longer line is dropped and counted as bad. */
const LONGEST_LINE = 1 << 20
/** More threads than this are garbage; the oldest is forgotten for each new one. */
const MOST_THREADS = 1 << 16
const NEWLINE = 10
const NOTHING = Buffer.alloc(0)
const END_OF_LINE = Buffer.of(NEWLINE)
const MESSAGE = /strace: Process \d+ (?:attached(?: with \d+ threads)?|detached)$/
const DAY = 86_400

/**
 * Adds one row for each call. A call that never returned has `finished` false, no result, and as duration the time from
 * its start to the last line: it lasted at least that long. `pid` is learned from clone, and is the thread's own where
 * the trace does not tell; `comm` from execve, prctl and -Y.
 */
export function createStraceParser(sink: RowSink, options: StraceOptions = {}): Parser {
  return new StraceParser(sink, options)
}

class StraceParser implements Parser {
  readonly #options: StraceOptions
  readonly #line = new StraceLine()
  readonly #calls = new Calls()
  readonly #arguments = new Arguments()
  readonly #threads: Threads
  /** The thread of the last line, most often that of the next. */
  #thread: Thread | undefined
  #lines = 0
  #rows = 0
  #bad = 0
  /** The start of a line whose end has not come yet. */
  #carry = Buffer.alloc(4096)
  #carried = 0
  #skipping = false
  /** The start of a line that a message of strace cut in two. */
  #held: Buffer = NOTHING
  /** Midnight of the day that -t and -tt times are on, and the last of them. */
  #midnight: number
  #lastOfDay = 0
  /** Time of the last line. */
  #seconds = -1
  #nanoseconds = 0

  readonly #endRow: () => void
  readonly #ts
  readonly #pid
  readonly #tid
  readonly #comm
  readonly #call
  readonly #args
  readonly #path
  readonly #fd
  readonly #result
  readonly #errno
  readonly #duration
  readonly #longest
  readonly #count
  readonly #finished

  constructor(sink: RowSink, options: StraceOptions) {
    this.#options = options
    this.#midnight = options.midnight ?? -1
    this.#threads = new Threads(options.identify)
    const table = syscallsOf(sink)
    this.#endRow = () => table.endRow()
    this.#ts = table.column('ts')
    this.#pid = table.column('pid')
    this.#tid = table.column('tid')
    this.#comm = table.column('comm')
    this.#call = table.column('call')
    this.#args = table.column('args')
    this.#path = table.column('path')
    this.#fd = table.column('fd')
    this.#result = table.column('result')
    this.#errno = table.column('errno')
    this.#duration = table.column('duration_ns')
    this.#longest = table.column('max_ns')
    this.#count = table.column('count')
    this.#finished = table.column('finished')
  }

  push(chunk: Uint8Array): void {
    let start = 0
    if (this.#carried > 0 || this.#skipping) {
      const end = chunk.indexOf(NEWLINE)
      this.#keep(chunk, 0, end === -1 ? chunk.length : end)
      if (end === -1) return
      if (this.#skipping) this.#dropLine()
      else this.#take(this.#carry, 0, this.#carried)
      this.#carried = 0
      this.#skipping = false
      start = end + 1
    }
    for (let end = chunk.indexOf(NEWLINE, start); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (end - start > LONGEST_LINE) this.#dropLine()
      else this.#take(chunk, start, end)
      start = end + 1
    }
    this.#keep(chunk, start, chunk.length)
  }

  end(): ParseStats {
    // Cut off by whoever wrote it: half a number looks like a number.
    if (this.#carried > 0 || this.#skipping) this.#dropLine()
    this.#carried = 0
    this.#dropHeld()
    for (const thread of this.#threads.all) this.#abandon(thread)
    return { lines: this.#lines, rows: this.#rows, bad: this.#bad }
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    if (start === end || this.#skipping) return
    const length = this.#carried + end - start
    if (length > LONGEST_LINE) {
      this.#skipping = true
      this.#carried = 0
      return
    }
    if (length + 1 > this.#carry.length) {
      const grown = Buffer.alloc(Math.max(length + 1, this.#carry.length * 2))
      this.#carry.copy(grown, 0, 0, this.#carried)
      this.#carry = grown
    }
    this.#carry.set(chunk.subarray(start, end), this.#carried)
    this.#carry[length] = NEWLINE
    this.#carried = length
  }

  #dropLine(): void {
    this.#lines++
    this.#bad++
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    this.#lines++
    const kind = this.#line.parse(bytes, start, end)
    if (kind === 'bad') this.#mend(bytes.subarray(start, end))
    else this.#understood(kind)
  }

  /**
   * On a terminal strace writes `strace: Process 12 attached` into the middle of a line, and goes on with the rest of it
   * on the next. The start is held until a line comes that makes sense behind it.
   */
  #mend(line: Uint8Array): void {
    const whole = Buffer.concat([this.#held, line, END_OF_LINE])
    const kind = this.#held.length === 0 ? 'bad' : this.#line.parse(whole, 0, whole.length - 1)
    if (kind !== 'bad') {
      this.#held = NOTHING
      return this.#understood(kind)
    }
    this.#dropHeld()
    const message = MESSAGE.exec(Buffer.from(line).toString('latin1'))
    if (message === null || message.index === 0) this.#bad++
    else this.#held = Buffer.from(line.subarray(0, message.index))
  }

  #dropHeld(): void {
    if (this.#held.length > 0) this.#bad++
    this.#held = NOTHING
  }

  #understood(kind: Exclude<LineKind, 'bad'>): void {
    if (kind === 'other') return
    const line = this.#line
    const { bytes } = line
    this.#now()
    const thread = this.#speaker(bytes)
    switch (kind) {
      case 'call': {
        const call = this.#calls.find(bytes, line.nameStart, line.nameEnd)
        this.#returned(thread, call, bytes, line.argsStart, line.argsEnd, this.#seconds, this.#nanoseconds)
        return
      }
      case 'unfinished':
        return this.#entered(thread)
      case 'resumed':
        return this.#resumed(thread)
      case 'resumed-unfinished':
        if (thread.pending === undefined) this.#entered(thread)
        return
      case 'exit':
        this.#abandon(thread)
        this.#threads.remove(thread.tid)
        this.#thread = undefined
        return
    }
  }

  /** The time of this line; one without a time keeps that of the line before. */
  #now(): void {
    const line = this.#line
    if (line.seconds === -1 || (line.timeOfDay && this.#midnight === -1)) return
    this.#nanoseconds = line.nanoseconds
    this.#seconds = line.seconds
    if (!line.timeOfDay) return
    if (line.seconds < this.#lastOfDay - DAY / 2) this.#midnight += DAY
    this.#lastOfDay = line.seconds
    this.#seconds += this.#midnight
  }

  /** The thread that this line is about. */
  #speaker(bytes: Uint8Array): Thread {
    const line = this.#line
    const tid = line.tid === -1 ? (this.#options.pid ?? -1) : line.tid
    let thread = this.#thread
    if (thread?.tid !== tid) {
      thread = this.#thread = this.#threads.find(tid)
      if (this.#threads.size > MOST_THREADS) this.#forgetOldest()
    }
    if (line.commEnd > line.commStart) {
      const comm = new Uint8Array(64)
      const length = unescape(bytes, line.commStart, Math.min(line.commEnd, line.commStart + 62), comm, 0)
      thread.comm = Buffer.from(comm.subarray(0, length)).toString()
    }
    return thread
  }

  #forgetOldest(): void {
    const oldest = this.#threads.oldest()
    if (oldest === undefined || oldest === this.#thread) return
    this.#abandon(oldest)
    this.#threads.remove(oldest.tid)
  }

  #entered(thread: Thread): void {
    this.#abandon(thread)
    const line = this.#line
    const call = this.#calls.find(line.bytes, line.nameStart, line.nameEnd)
    const pending = (thread.spare ??= {
      call,
      seconds: 0,
      nanoseconds: 0,
      args: new Uint8Array(256),
      length: 0,
    })
    pending.call = call
    pending.seconds = this.#seconds
    pending.nanoseconds = this.#nanoseconds
    pending.length = 0
    appendArgs(pending, line.bytes, line.argsStart, line.argsEnd)
    thread.pending = pending
  }

  #resumed(thread: Thread): void {
    const line = this.#line
    const { bytes, argsStart, argsEnd, nameStart, nameEnd } = line
    const call = this.#calls.find(bytes, nameStart, nameEnd)
    const { pending } = thread
    if (pending !== undefined && pending.call.name === call.name) {
      thread.pending = undefined
      appendArgs(pending, bytes, argsStart, argsEnd)
      if (line.duration === -1) line.duration = this.#since(pending.seconds, pending.nanoseconds)
      const { seconds, nanoseconds } = pending
      return this.#returned(thread, call, pending.args, 0, pending.length, seconds, nanoseconds)
    }
    // Its beginning was lost, or another call's end: what is known of it is still true.
    this.#abandon(thread)
    const began = Math.max(line.duration, 0)
    const seconds = this.#seconds === -1 ? -1 : this.#seconds - Math.floor(began / 1e9)
    this.#returned(thread, call, bytes, argsStart, argsEnd, seconds, this.#nanoseconds - (began % 1e9))
  }

  /** Writes the call that the thread was in as one that had not returned. */
  #abandon(thread: Thread): void {
    const { pending } = thread
    if (pending === undefined) return
    thread.pending = undefined
    const { call, args, length, seconds, nanoseconds } = pending
    this.#place(thread, call, args, 0, length)
    this.#errno.add('')
    this.#end(seconds, nanoseconds, this.#since(seconds, nanoseconds), false)
  }

  /** ns from then to the last line, -1 when there is no telling. */
  #since(seconds: number, nanoseconds: number): number {
    if (seconds === -1) return -1
    const duration = Math.max(0, (this.#seconds - seconds) * 1e9 + this.#nanoseconds - nanoseconds)
    return Number.isSafeInteger(duration) ? duration : -1
  }

  #returned(
    thread: Thread,
    call: CallInfo,
    bytes: Uint8Array,
    start: number,
    end: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    const line = this.#line
    this.#place(thread, call, bytes, start, end)
    if (typeof line.result === 'number') this.#result.addInteger(line.result)
    else if (line.result !== null) this.#result.add(line.result)
    if (line.errnoEnd > line.errnoStart) this.#errno.addBytes(line.bytes, line.errnoStart, line.errnoEnd)
    else this.#errno.add('')
    this.#end(seconds, nanoseconds, line.duration, true)
    if (call.identity === undefined) return
    if (typeof line.result !== 'number') return
    this.#threads.learn(thread, call, line.result, () =>
      Buffer.from(bytes.subarray(start, end)).toString('latin1'),
    )
  }

  /** The columns that say who called what. */
  #place(thread: Thread, call: CallInfo, bytes: Uint8Array, start: number, end: number): void {
    const found = this.#arguments
    if (thread.tid !== -1) {
      this.#pid.addInteger(thread.pid)
      this.#tid.addInteger(thread.tid)
    }
    if (thread.comm !== '') this.#comm.add(thread.comm)
    this.#call.add(call.name)
    this.#args.addBytes(bytes, start, end)
    found.read(call, bytes, start, end)
    if (found.pathEnd > found.pathStart) this.#path.addBytes(found.path, found.pathStart, found.pathEnd)
    if (found.fd !== -1) this.#fd.addInteger(found.fd)
  }

  /** The columns that say when and how long; ends the row. */
  #end(seconds: number, nanoseconds: number, duration: number, finished: boolean): void {
    if (seconds !== -1) this.#time(seconds, nanoseconds)
    if (duration !== -1) {
      this.#duration.addInteger(duration)
      this.#longest.addInteger(duration)
    }
    this.#count.addInteger(1)
    this.#finished.add(finished)
    this.#endRow()
    this.#rows++
  }

  /** ns since the epoch need more bits than a number has: halves of 32, from products that are exact below 2^53. */
  #time(seconds: number, nanoseconds: number): void {
    const unit = seconds * 1_953_125
    const high = Math.floor(unit / 8_388_608)
    const low = (unit % 8_388_608) * 512 + nanoseconds - (this.#options.clockOffsetNs ?? 0)
    const carry = Math.floor(low / 4_294_967_296)
    this.#ts.addInt64(high + carry, low - carry * 4_294_967_296)
  }
}
