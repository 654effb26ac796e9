/**
 * Recognises what the kernel reports of itself in its lines, as they come.
 *
 * Each CPU and task writes its own lines. Where the kernel tells who wrote a line (CONFIG_PRINTK_CALLER), reports that are
 * written at the same time are told apart by that. Where it does not, a report that begins before another one has ended is
 * `corrupted`: it is titled by its first line alone, for the function in a register dump might be the other's.
 */
import type { KernelLine } from './line.ts'
import { OpenReport } from './open-report.ts'
import type { KernelReport } from './report.ts'
import { isTrace, pointedAt } from './stack.ts'
import { startOf } from './starts.ts'

/** Callers with an open report at one time: more than any machine has CPUs that fail at once. */
const MOST_OPEN = 64
const MOST_REMEMBERED = 64
/** Lines of the kernel before which a report may have lost its beginning. */
const HEAD_LINES = 6
/** Lines within which the header of an exception belongs to a report that was given up. */
const FAULT_LINES = 60
/** Lines and seconds within which lines may come of a report that was given up. */
const STRAY_LINES = 200
const STRAY_SECONDS = 1

const VERSION = /^Linux version \d/
const LEAVING =
  /^reboot: (?:Restarting system|Power down|System halted|machine restart)|^kexec_core: Starting new kernel/
/** Panics that follow another report: where that is lost, the panic is not all there was. */
const CONSEQUENCE =
  /^Kernel panic - not syncing: (?:Fatal exception|hung_task|softlockup|Hard LOCKUP|RCU Stall|panic_on|kernel: panic_on|Oops|.{0,40} set)/
const END_TRACE = /^---\[ end trace/
const BACKTRACE = /^NMI backtrace for cpu \d/

export class ReportRecogniser {
  readonly #open = new Map<string, OpenReport>()
  /** Time and title of the last reports: a program that prints the log of the kernel repeats them. */
  readonly #seen = new Map<string, true>()
  #stamped = false
  #lines = 0
  #hasBooted = false
  #isLeaving = false
  /** Until when lines may come of reports that were given up, or whose first line was lost, by caller. */
  readonly #strays = new Map<string, { line: number; seconds: number | null; ends: number }>()
  /** Line until which the header of an exception belongs to a report that is over. */
  #faultUntil = -1
  #found: KernelReport[] = []

  /** Takes the next line and gives the reports that are complete with it, in the order of their first lines. */
  line(line: KernelLine): readonly KernelReport[] {
    if (line.text === '') return []
    // Where the kernel stamps its lines, a line without a stamp is a program's.
    if (line.stamped) this.#stamped = true
    else if (this.#stamped && line.level === null) return []
    this.#lines++
    if (line.text === 'printk messages dropped') {
      for (const report of new Set(this.#open.values())) report.take(line)
      return this.#taken()
    }
    if (VERSION.test(line.text)) {
      this.#boot(line)
      return this.#taken()
    }
    if (LEAVING.test(line.text)) this.#isLeaving = true
    const open = this.#openFor(line)
    const strays = this.#strays.get(line.caller)
    // Each of them has its own end.
    if (strays !== undefined && END_TRACE.test(line.text) && --strays.ends <= 0)
      this.#strays.delete(line.caller)
    const begun = startOf(line.text, line.cut)
    if (begun === undefined) {
      open?.take(line)
      if (open?.closed === true) this.#close(open)
      if (open === undefined && (isTrace(line.text) || pointedAt(line.text) !== undefined)) this.#stray(line)
      return this.#taken()
    }
    const { start, head } = begun
    if (open?.takesIn(start, head, line) === true) {
      if (open.closed) this.#close(open)
      return this.#taken()
    }
    if (start.kind === 'oops' && start.within !== undefined && this.#lines <= this.#faultUntil) {
      this.#faultUntil = -1
      return this.#taken()
    }
    const mayFollow = start.kind === 'oops' ? start.within !== undefined : CONSEQUENCE.test(line.text)
    const headless =
      (mayFollow && !this.#hasBooted && this.#lines <= HEAD_LINES) || line.text.startsWith('---[')
    // Lines of an open report and of a new one cannot be told apart until the former has ended.
    const isMixed = open?.mayGoOn(line.seconds) === true
    const report = new OpenReport(start, head, line, isMixed || this.#hasStrays(line), headless)
    if (report.closed) {
      this.#emit(report)
      return this.#taken()
    }
    if (open !== undefined) this.#close(open)
    if (isMixed) this.#stray(line)
    const [oldest] = this.#open.values()
    if (oldest !== undefined && this.#open.size >= MOST_OPEN) this.#close(oldest)
    this.#open.set(line.caller, report)
    return this.#taken()
  }

  /**
   * Nothing has come for a while, a second say: gives what is open as it is. A kernel that has died says no more; lines of
   * such a report that come yet are passed over.
   */
  settle(): readonly KernelReport[] {
    for (const report of new Set(this.#open.values())) this.#close(report)
    return this.#taken()
  }

  #stray({ caller, seconds }: KernelLine): void {
    if (this.#strays.size > MOST_OPEN) this.#strays.clear()
    const ends = (this.#strays.get(caller)?.ends ?? 1) + 1
    this.#strays.set(caller, { line: this.#lines + STRAY_LINES, seconds, ends })
  }

  /** Whether lines of a report that was given up for another may still come. */
  #hasStrays({ caller, seconds }: KernelLine): boolean {
    const strays = this.#strays.get(caller)
    if (strays === undefined) return false
    if (this.#lines <= strays.line && (seconds ?? 0) <= (strays.seconds ?? 0) + STRAY_SECONDS) return true
    this.#strays.delete(caller)
    return false
  }

  #openFor(line: KernelLine): OpenReport | undefined {
    let open = this.#open.get(line.caller)
    if (open !== undefined && !open.isNear(line.seconds)) {
      this.#close(open)
      open = undefined
    }
    // CPUs that are asked where they are answer by themselves.
    if (open === undefined && line.caller !== '' && BACKTRACE.test(line.text)) {
      open = [...this.#open.values()].findLast(({ kind }) => kind === 'rcu-stall' || kind === 'hard-lockup')
      if (open !== undefined) this.#open.set(line.caller, open)
    }
    return open
  }

  #boot(line: KernelLine): void {
    for (const report of new Set(this.#open.values())) this.#close(report)
    if (this.#hasBooted && !this.#isLeaving) {
      this.#found.push({
        kind: 'reboot',
        title: 'unexpected reboot',
        function: null,
        cpu: null,
        task: null,
        seconds: line.seconds,
        firstLine: line.index,
        text: line.text,
        fatal: true,
        corrupted: false,
      })
    }
    this.#hasBooted = true
    this.#isLeaving = false
    this.#faultUntil = -1
    this.#strays.clear()
    this.#seen.clear()
  }

  #close(report: OpenReport): void {
    for (const [caller, open] of this.#open) if (open === report) this.#open.delete(caller)
    if (report.awaitsFault && !report.ended) this.#faultUntil = this.#lines + FAULT_LINES
    this.#emit(report)
  }

  #emit(report: OpenReport): void {
    const found = report.finish()
    if (found.seconds !== null) {
      const key = `${found.seconds} ${found.title}`
      if (this.#seen.has(key)) return
      this.#seen.set(key, true)
      const [oldest] = this.#seen.keys()
      if (oldest !== undefined && this.#seen.size > MOST_REMEMBERED) this.#seen.delete(oldest)
    }
    this.#found.push(found)
  }

  #taken(): readonly KernelReport[] {
    if (this.#found.length === 0) return []
    const found = this.#found.toSorted((a, b) => a.firstLine - b.firstLine)
    this.#found = []
    return found
  }
}
