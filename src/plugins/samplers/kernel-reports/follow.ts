/**
 * Follows the log of a node's kernel through /dev/kmsg, and gives the reports in it.
 *
 * Reading it takes nothing away from others, and waits without cost while the kernel is silent. What was logged before is
 * passed over by its number (Documentation/ABI/testing/dev-kmsg). A reader that is overtaken is told so (EPIPE), ends, and is
 * started again.
 */
import { EnvironmentError, messageOf } from '../../../base/errors.ts'
import { parseLine } from '../../../base/kernel-reports/line.ts'
import { ReportRecogniser } from '../../../base/kernel-reports/recogniser.ts'
import type { KernelReport } from '../../../base/kernel-reports/report.ts'
import { linesOf } from '../../../base/lines.ts'
import type { Node } from '../../../plugin/node.ts'

/** A kernel that has been silent for so long has said what there is to say of a report. */
const SILENCE_MS = 1000
/** Reports that nobody has taken yet. */
const MOST_REPORTS = 10_000
const LONGEST_LINE = 8192

/** Number of the last record that there is. The read that would wait ends it. */
const LAST_RECORD = [
  'sh',
  '-c',
  "dd if=/dev/kmsg bs=8192 iflag=nonblock status=none | grep -a '^[0-9]' | tail -n 1 | cut -c1-60",
]
const FOLLOW = ['dd', 'if=/dev/kmsg', 'bs=8192', 'status=none']

export class KernelLogFollower {
  readonly #node: Node
  readonly #stopped = new AbortController()
  readonly #signal: AbortSignal
  readonly #recogniser = new ReportRecogniser()
  #reports: KernelReport[] = []
  #last: bigint | undefined
  #heardMs = performance.now()
  #following: Promise<void> | undefined
  readonly #begun = Promise.withResolvers<void>()
  #failure: unknown

  constructor(node: Node, signal: AbortSignal) {
    this.#node = node
    this.#signal = AbortSignal.any([signal, this.#stopped.signal])
  }

  /** Reports that are complete since the last call. */
  take(): readonly KernelReport[] {
    if (performance.now() - this.#heardMs >= SILENCE_MS) this.#add(this.#recogniser.settle())
    const reports = this.#reports
    this.#reports = []
    return reports
  }

  /** Resolves when the log is followed for the first time, or could not be. */
  get begun(): Promise<void> {
    return this.#begun.promise
  }

  /** Starts following where nobody does; throws why the last attempt failed, once. */
  check(): void {
    const failure = this.#failure
    this.#failure = undefined
    this.#following ??= this.#follow()
      .catch((error: unknown) => {
        if (!this.#signal.aborted) this.#failure = error
      })
      .finally(() => {
        this.#following = undefined
        this.#begun.resolve()
      })
    if (failure !== undefined) throw failure instanceof Error ? failure : new Error(messageOf(failure))
  }

  async close(): Promise<void> {
    this.#stopped.abort(new Error('observation has ended'))
    await this.#following
  }

  async #follow(): Promise<void> {
    const node = this.#node
    if (this.#last === undefined) {
      const { stdout, stderr } = await node.run(LAST_RECORD, { signal: this.#signal, env: { LC_ALL: 'C' } })
      // A kernel has always said something: without a number, what is old cannot be told from what is new.
      this.#last = numberOf(stdout)
      if (this.#last === undefined) throw this.#deaf(stderr)
    }
    await using running = await node.spawn(FOLLOW, { signal: this.#signal, env: { LC_ALL: 'C' } })
    this.#begun.resolve()
    let index = 0
    for await (const lines of linesOf(running.stdout, LONGEST_LINE)) {
      this.#heardMs = performance.now()
      for (const line of lines) this.#line(line, index++)
    }
    const { stderr } = await running.done
    if (this.#signal.aborted || /Broken pipe/.test(stderr)) return
    throw this.#deaf(stderr)
  }

  #deaf(why: string): EnvironmentError {
    const said = why.trim().slice(-300)
    return new EnvironmentError(`the kernel log of ${this.#node.name} cannot be followed: ${said}`, {
      remedy: 'run as root; in a container: docker run --device /dev/kmsg --cap-add SYSLOG',
    })
  }

  #line(text: string, index: number): void {
    const number = numberOf(text)
    // Lines without a number are properties of the record before.
    if (number === undefined || this.#last === undefined || number <= this.#last) return
    this.#last = number
    const record = parseLine(text, index)
    for (const part of record.text.split('\n')) this.#add(this.#recogniser.line({ ...record, text: part }))
  }

  #add(reports: readonly KernelReport[]): void {
    if (this.#reports.length < MOST_REPORTS) this.#reports.push(...reports)
  }
}

function numberOf(record: string): bigint | undefined {
  const digits = /^\d{1,4},(\d{1,20}),/.exec(record)?.[1]
  return digits === undefined ? undefined : BigInt(digits)
}
