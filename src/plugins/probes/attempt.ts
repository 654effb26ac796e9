/** One attempt of a probe: its clock, how far it came, and the sentence that says how it failed. */
import { abortReason, withTimeout } from '../../base/abort.ts'
import { formatDuration } from '../../base/duration.ts'
import { messageOf } from '../../base/errors.ts'
import type { ProbeResult } from '../../plugin/probe.ts'

export type Stage = 'connect' | 'send' | 'receive' | 'done'

/** What system errors mean to somebody who tried to reach a server. */
const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'reset by the server',
  EPIPE: 'closed by the server',
  EAGAIN: 'its accept queue is full',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'that is not a socket',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EACCES: 'permission denied',
}

/** Ends by itself when its time is up, or when the caller's signal aborts; disposing frees the timer. */
export class Attempt implements Disposable {
  /** Aborts when the attempt has to end, whatever the reason. */
  readonly signal: AbortSignal
  stage: Stage = 'connect'
  /** Bytes of the answer so far. */
  received = 0
  readonly #parent: AbortSignal
  readonly #timeoutMs: number
  readonly #timer: Disposable
  readonly #started = process.hrtime.bigint()
  #connectedMs: number | undefined

  constructor(parent: AbortSignal, timeoutMs: number) {
    this.#parent = parent
    this.#timeoutMs = timeoutMs
    const timer = withTimeout(parent, timeoutMs, `no answer within ${formatDuration(timeoutMs)}`)
    this.#timer = timer
    this.signal = timer.signal
  }

  /** Notes that the connection stands; sending is next. */
  connected(): void {
    this.stage = 'send'
    this.#connectedMs ??= this.#elapsedMs()
  }

  /** The attempt succeeded. */
  success(values: Readonly<Record<string, number>> = {}): ProbeResult {
    this.stage = 'done'
    return { success: true, stage: this.stage, durationNs: this.#elapsedNs(), values: this.#timed(values) }
  }

  /** The system answered, but not what it should. */
  refused(sentence: string, values: Readonly<Record<string, number>> = {}): ProbeResult {
    return {
      success: false,
      error: this.#sentence(sentence),
      stage: this.stage,
      durationNs: this.#elapsedNs(),
      values: this.#timed(values),
    }
  }

  /** The attempt ended with an error, or with its signal. */
  failure(error: unknown): ProbeResult {
    return this.refused(this.signal.aborted ? this.#endOfTime() : describe(error))
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  /** `connected after 0.3ms, ` goes before whatever happened later. */
  #sentence(what: string): string {
    if (this.#connectedMs === undefined) return what
    return `connected after ${formatDuration(this.#connectedMs)}, ${what}`
  }

  #endOfTime(): string {
    // The caller may keep time as well: both run out together.
    const isTimeout = !this.#parent.aborted || this.#elapsedMs() >= this.#timeoutMs * 0.95
    if (!isTimeout) return `given up: ${abortReason(this.#parent).message}`
    const within = `within ${formatDuration(this.#timeoutMs)}`
    if (this.stage === 'connect') return `no connection ${within}`
    return this.received === 0 ? `no answer ${within}` : `only ${this.received} bytes of an answer ${within}`
  }

  #timed(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
    return this.#connectedMs === undefined ? values : { connect_seconds: this.#connectedMs / 1000, ...values }
  }

  #elapsedNs(): number {
    return Number(process.hrtime.bigint() - this.#started)
  }

  #elapsedMs(): number {
    return this.#elapsedNs() / 1e6
  }
}

/** A system error in words, with its code; anything else by its message. */
function describe(error: unknown): string {
  // A name with several addresses fails with one error for each of them.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(describe))].join('; ')
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const meaning = code === undefined ? undefined : meanings[code]
  return meaning === undefined ? messageOf(error) : `${meaning} (${code})`
}
