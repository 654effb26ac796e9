/** A report while its lines come in. */
import type { KernelLine } from './line.ts'
import type { KernelReport } from './report.ts'
import { frameOf, isPartOfAReport, isTelling, isTrace, isTraceEnd, pointedAt, runningIn } from './stack.ts'
import type { Head, Start } from './start.ts'

/** UTF-16 units of text that are kept; lines that a report has at most, and after its end. */
const LONGEST_TEXT = 16_000
const MOST_LINES = 600
const MOST_LINES_AFTER = 60
/** Lines of others between its own before it is given up. */
const MOST_FOREIGN = 60
/** Seconds between two lines of one report; those in which other CPUs are asked may wait for ten. */
const LONGEST_GAP = 15

/** Kinds behind whose first stack more comes. */
const SEVERAL_STACKS: ReadonlySet<string> = new Set(['rcu-stall', 'out-of-memory', 'hard-lockup', 'lockdep'])
/** Kinds that end with a line of their own (lib/bug.c, arch/x86/kernel/dumpstack.c). */
const MARKED: ReadonlySet<string> = new Set(['oops', 'bug', 'warning', 'list-corruption', 'refcount'])
/** Seconds of silence after which a report is over: it is printed in one go. */
const SILENCE = 1

const END = /^\s{0,8}(?:---\[ end |={50})/
/** Nothing of the kernel comes after these. */
const VERY_END = /^(?:---\[ end Kernel panic|oom_reaper: reaped process)/
/** Whose register dump comes after the line. */
const BACKTRACE = /^NMI backtrace for cpu (\d{1,5})/
const LOCK = / at: (?:\[<[0-9a-f]+>\] )?([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+/

export class OpenReport {
  readonly #start: Start
  readonly #first: KernelLine
  #head: Head
  #cpu: number | null
  #task: { comm: string; pid: number } | null
  #runner: number | undefined
  #traces = 0
  #function: string | undefined
  /** As its own first line has it. */
  #named: string | undefined
  #pointer: string | undefined
  #firstFrame: string | undefined
  /** before the stack that counts, in it, behind it */
  #stack: 'before' | 'in' | 'behind' = 'before'
  #text: string[] = []
  #length = 0
  #lines = 0
  #linesAfter = 0
  #foreign = 0
  #last: number | null
  #hasFault = false
  #mixed: boolean
  #lossy = false
  #fatal: boolean
  /** Whether all of it was seen. */
  ended = false
  /** Whether nothing more of it can come. */
  closed = false

  /** `mixed`: lines of another report may come in between. `headless`: what comes before such a line may be missing. */
  constructor(start: Start, head: Head, first: KernelLine, mixed: boolean, headless: boolean) {
    this.#start = start
    this.#head = head
    this.#first = first
    this.#mixed = mixed && (start.seek !== 'none' || start.long === true)
    this.#lossy = first.cut || headless
    this.#last = first.seconds
    this.#fatal = start.kind === 'panic'
    this.#cpu = head.cpu ?? null
    this.#task = null
    this.#learn(head)
    this.#keep(first)
    if (start.seek === 'none' && start.long === undefined) this.ended = this.closed = true
  }

  get kind(): KernelReport['kind'] {
    return this.#start.kind
  }

  /** Whether the header of an exception is still to come: such a one belongs to it, whatever came in between. */
  get awaitsFault(): boolean {
    const { kind, seek } = this.#start
    return (
      !this.#hasFault &&
      seek === 'registers' &&
      (kind === 'bug' || kind === 'oops' || kind === 'list-corruption')
    )
  }

  /** Whether this line may be another one of it, by its time. */
  isNear(seconds: number | null): boolean {
    return seconds === null || this.#last === null || seconds <= this.#last + LONGEST_GAP
  }

  /** Whether lines of it may come after a line of that time. */
  mayGoOn(seconds: number | null): boolean {
    if (this.ended || (this.#stack === 'behind' && !MARKED.has(this.kind))) return false
    return seconds === null || this.#last === null || seconds <= this.#last + SILENCE
  }

  /** A first line in its middle that belongs to it; false when that begins a report of its own. */
  takesIn(start: Start, head: Head, line: KernelLine): boolean {
    if (start.kind === 'panic' && this.kind !== 'panic') {
      // In the midst of it, it is another CPU that panics.
      if (!this.ended && this.#stack !== 'behind') return false
      this.#fatal = true
      this.ended = true
      this.#keep(line)
      return true
    }
    if (start.within?.includes(this.kind) !== true) return false
    if (start.kind === 'oops') {
      if (this.#hasFault || this.ended) return false
      this.#hasFault = true
    } else if (start.kind === 'out-of-memory') {
      this.#head = head
      this.ended = true
    } else if (start.kind === 'panic' && this.#lines > 1 && !line.text.startsWith('---[ end')) return false
    this.#learn(head)
    this.take(line)
    return true
  }

  /** Another line by the same hand. */
  take(line: KernelLine): void {
    const { text } = line
    const part = isPartOfAReport(text) || frameOf(text) !== undefined || BACKTRACE.test(text)
    if (!part) {
      if (this.ended || (this.#stack === 'behind' && !SEVERAL_STACKS.has(this.kind))) {
        this.ended = this.closed = true
        return
      }
      if (this.kind !== 'out-of-memory' && ++this.#foreign > MOST_FOREIGN) this.closed = true
    }
    this.#lossy ||= line.cut
    this.#keep(line)
    if (text === 'printk messages dropped') this.#lossy = true
    if (++this.#lines > MOST_LINES || (this.ended && ++this.#linesAfter > MOST_LINES_AFTER))
      this.closed = true
    if (!this.ended) this.#read(text)
    if (VERY_END.test(text)) this.ended = this.closed = true
    else if (END.test(text) && (this.#stack !== 'before' || this.#pointer !== undefined)) this.ended = true
  }

  #read(text: string): void {
    const running = runningIn(text)
    if (
      running !== undefined &&
      this.#start.kind !== 'hung-task' &&
      this.#stack === 'before' &&
      !this.#mixed
    ) {
      this.#cpu ??= running.cpu
      if (running.comm !== undefined) this.#task ??= { comm: running.comm, pid: running.pid }
    }
    const { seek, kind } = this.#start
    // One report of this kind has one stack, of one task.
    if (MARKED.has(kind) && (running !== undefined || isTrace(text))) {
      this.#traces += isTrace(text) ? 1 : 0
      if (running !== undefined) this.#runner ??= running.pid
      if (this.#traces > 1 || (running !== undefined && running.pid !== this.#runner)) this.#mixed = true
    }
    if (seek === 'none' || this.#mixed) {
      if (isTrace(text)) this.#stack = 'in'
      else if (this.#stack === 'in' && isTraceEnd(text)) this.#stack = 'behind'
      return
    }
    if (seek === 'lock' && this.#stack === 'before') {
      const name = LOCK.exec(text)?.[1]
      if (name !== undefined) this.#propose(name)
    }
    if (seek === 'registers' && this.#pointer === undefined) {
      this.#pointer = pointedAt(text)
      if (this.#pointer !== undefined) {
        this.#propose(this.#pointer)
        this.#stack = 'before'
        this.#firstFrame = undefined
        return
      }
    }
    // Who noticed a stall is not who made it: only a stack below the registers of the CPU that stalled counts.
    const counts = kind !== 'rcu-stall' || this.#pointer !== undefined
    if (this.#stack === 'before' && isTrace(text)) this.#stack = 'in'
    else if (this.#stack === 'in' && isTraceEnd(text)) this.#stack = 'behind'
    const frame = this.#stack === 'in' ? frameOf(text) : undefined
    if (frame === undefined || !counts) return
    this.#firstFrame ??= frame
    this.#propose(frame)
  }

  /** The report is about the first function that tells something. */
  #propose(name: string): void {
    if (this.#function === undefined && isTelling(name)) this.#function = name
  }

  #learn(head: Head): void {
    this.#cpu ??= head.cpu ?? null
    this.#runner ??= head.pid
    if (head.comm !== undefined && head.pid !== undefined) this.#task ??= { comm: head.comm, pid: head.pid }
    if (head.function === undefined) return
    if (head.closed === true || this.#start.seek === 'none') this.#function = head.function
    else this.#propose(head.function)
    this.#named ??= this.#function
  }

  #keep({ text, seconds }: KernelLine): void {
    if (seconds !== null) this.#last = Math.max(this.#last ?? seconds, seconds)
    if (this.#length + text.length + 1 > LONGEST_TEXT) return
    this.#text.push(text)
    this.#length += text.length + 1
  }

  /** What was seen of it. `whole` is false when the text itself ends here, within it perhaps. */
  finish(): KernelReport {
    const { kind, seek } = this.#start
    const { title, closed } = this.#head
    const hasStack = this.#stack === 'behind' || this.ended
    let name = this.#mixed ? this.#named : this.#function
    // A stack of messengers alone is what there is to say; of a stall that nobody's registers were seen of, nothing is.
    if (name === undefined && seek !== 'none' && hasStack && !this.#mixed)
      name = this.#pointer ?? this.#firstFrame
    const lacksFunction = seek !== 'none' && name === undefined && closed === undefined
    const isShort = seek !== 'none' ? !hasStack : kind === 'out-of-memory' && !this.ended
    return {
      kind,
      title:
        name === undefined || closed === true || (seek === 'none' && kind !== 'panic')
          ? title
          : `${title} in ${name}`,
      function: name ?? null,
      cpu: this.#cpu,
      task: this.#task,
      seconds: this.#first.seconds,
      firstLine: this.#first.index,
      text: this.#text.join('\n'),
      fatal: this.#fatal,
      corrupted: this.#mixed || this.#lossy || lacksFunction || isShort,
    }
  }
}
