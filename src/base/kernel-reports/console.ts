/**
 * Reads a console as it comes, in chunks of any size, and gives what the kernel reported on it.
 *
 * `push` takes bytes; `settle` is for a console that has said nothing for a second; `end` for one that is over. Memory is
 * bounded whatever comes, and time linear in the bytes. Nothing of it throws.
 */
import { parseLine, piecesOf, type KernelLine, LONGEST } from './line.ts'
import { PrintedTimers, type PrintedList } from './printed-timers.ts'
import { ReportRecogniser } from './recogniser.ts'
import type { KernelReport } from './report.ts'

export interface ConsoleListener {
  /** Each line of the kernel and of programs, without prefix. */
  readonly line?: (line: KernelLine) => void
  readonly report?: (report: KernelReport) => void
  /** A queue of timers that the kernel printed. */
  readonly timers?: (list: PrintedList) => void
}

export class ConsoleReader {
  readonly #listener: ConsoleListener
  readonly #decoder = new TextDecoder()
  readonly #reports = new ReportRecogniser()
  readonly #timers = new PrintedTimers()
  #pending = ''
  #index = 0
  #isNew = true

  constructor(listener: ConsoleListener) {
    this.#listener = listener
  }

  /** The next bytes of the console. */
  push(chunk: Uint8Array): void {
    this.#take(this.#decoder.decode(chunk, { stream: true }))
  }

  /** Nothing has come for a second: what is open is given as it is. */
  settle(): void {
    for (const report of this.#reports.settle()) this.#listener.report?.(report)
    this.#list(this.#timers.settle())
  }

  /** No more comes; a last line without its end is looked at, and known to be cut. */
  end(): void {
    this.#take(this.#decoder.decode())
    if (this.#pending !== '') this.#line(this.#pending, true)
    this.#pending = ''
    this.settle()
  }

  #take(text: string): void {
    let start = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', start)) {
      this.#add(text, start, at)
      this.#line(this.#pending, false)
      this.#pending = ''
      this.#index++
      start = at + 1
    }
    this.#add(text, start, text.length)
  }

  /** Of a line that never ends, the beginning is kept. */
  #add(text: string, from: number, to: number): void {
    const room = 2 * LONGEST - this.#pending.length
    if (room > 0) this.#pending += text.slice(from, Math.min(to, from + room))
  }

  #line(raw: string, cut: boolean): void {
    if (raw === '') return
    const pieces = raw.split('\r').flatMap((part) => (part === '' ? [] : piecesOf(part)))
    for (const [i, piece] of pieces.entries()) {
      const line = parseLine(piece, this.#index, cut || i < pieces.length - 1 || this.#isBroken(piece))
      this.#isNew = false
      this.#listener.line?.(line)
      for (const report of this.#reports.line(line)) this.#listener.report?.(report)
      this.#list(this.#timers.line(line))
    }
  }

  /** The first line of a text that begins anywhere may lack its beginning. */
  #isBroken(piece: string): boolean {
    return this.#isNew && !/^(?:<\d{1,3}>)?\[/.test(piece)
  }

  #list(lists: readonly PrintedList[]): void {
    for (const list of lists) this.#listener.timers?.(list)
  }
}

/** All reports of a console that was written to a file or a string. */
export function reportsOfConsole(bytes: Uint8Array | string): KernelReport[] {
  const reports: KernelReport[] = []
  const reader = new ConsoleReader({ report: (report) => reports.push(report) })
  reader.push(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
  reader.end()
  return reports
}

/**
 * All reports in records of the kernel's log, in order of time. A record has its lines in `message`, without time stamps;
 * `seconds` is any clock that they share. `firstLine` of a report is the index of its record.
 */
export function reportsOfRecords(
  records: readonly { readonly message: string; readonly seconds?: number }[],
): KernelReport[] {
  const recogniser = new ReportRecogniser()
  const reports: KernelReport[] = []
  for (const [index, record] of records.entries()) {
    for (const text of record.message.split('\n', MOST_LINES_OF_A_RECORD)) {
      const line = { ...parseLine(text, index), stamped: true }
      reports.push(...recogniser.line({ ...line, seconds: record.seconds ?? line.seconds }))
    }
  }
  reports.push(...recogniser.settle())
  return reports.toSorted((a, b) => a.firstLine - b.firstLine)
}

const MOST_LINES_OF_A_RECORD = 100
