/**
 * Questions to an agent on another machine, over two pipes whose other ends lead there.
 *
 * `FileView` answers at once, for whoever is in the middle of parsing something: so a question can be waited for without
 * letting go of the thread. Both ends here are read and written without blocking, from this thread only: a question that
 * must be answered at once first reads to its end the answer that others are waiting for.
 */
import { readSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { hasCode } from '../base/errors.ts'
import type { EnvironmentError } from '../base/errors.ts'

/** An agent that is silent for so long, in ms, is given up: longer than a connection that is silent. */
const PATIENCE_MS = 20_000
/** One that was given up, or ended while the connection stands, is started anew after so long, in ms. */
const PAUSE_MS = 10_000

/** What the agent found, by request line; undefined for what it could not read. */
export type Answer = ReadonlyMap<string, Buffer | undefined>

/** Both ways of asking fail with an EnvironmentError when the agent is gone or silent. */
export interface AgentChannel extends Disposable {
  ask(requests: readonly string[]): Promise<Answer>
  /** Waits for the answer without letting anything else go on. */
  askNow(requests: readonly string[]): Answer
}

interface Question {
  toWrite: Buffer
  readonly chunks: Buffer[]
  received: number
  /** Bytes of the whole answer with its first line, once that has come. */
  expected: number | undefined
  answer: Answer | undefined
}

/** An agent that was started; disposing ends it, as far as it can be ended from here, and closes the pipes. */
export interface Agent extends Disposable {
  /** Descriptors, both of which never block: its answers are read from one, questions written to the other. */
  readonly input: number
  readonly output: number
  /** What stands before its first answer: all up to the end of this was meant for somebody else. */
  readonly greeting?: Buffer
}

/** The machine that an agent runs on. */
export interface AgentHost {
  /** Starts an agent there. */
  launch(): Agent
  /** Aborts when the machine can no longer be reached. */
  readonly gone: AbortSignal
  isAlive(): Promise<boolean>
  isAliveNow(): boolean
  /** What to throw when the machine cannot be reached, and when it can but its agent says nothing. */
  lost(doing: string): EnvironmentError
  silent(): EnvironmentError
}

/** Starts an agent; later ones in its stead when it ends or falls silent. */
export const openAgent = (host: AgentHost): AgentChannel => new Channel(host)

class Channel implements AgentChannel {
  readonly #host: AgentHost
  #agent: Agent | undefined
  /** What came while the greeting is waited for; undefined once it has been seen. */
  #before: Buffer | undefined
  #goneMs = Number.NEGATIVE_INFINITY
  readonly #clock = new Int32Array(new SharedArrayBuffer(4))
  readonly #buffer = Buffer.allocUnsafe(1 << 18)
  /** Questions whose answers have not come, in the order of asking. */
  readonly #open: Question[] = []
  #movedMs = 0

  constructor(host: AgentHost) {
    this.#host = host
    this.#start()
  }

  async ask(requests: readonly string[]): Promise<Answer> {
    if (requests.length === 0) return new Map()
    const agent = this.#present()
    const question = this.#put(requests)
    for (;;) {
      this.#move()
      if (question.answer !== undefined) return question.answer
      if (this.#agent !== agent || this.#isSilent()) {
        if (this.#agent === agent) this.#giveUp()
        throw this.#gone(await this.#host.isAlive())
      }
      await delay(2)
    }
  }

  askNow(requests: readonly string[]): Answer {
    const agent = this.#present()
    const question = this.#put(requests)
    for (;;) {
      const moved = this.#move()
      if (question.answer !== undefined) return question.answer
      if (this.#agent !== agent || this.#isSilent()) {
        if (this.#agent === agent) this.#giveUp()
        throw this.#gone(this.#host.isAliveNow())
      }
      // Sleeps, and wakes at once for nobody.
      if (!moved) Atomics.wait(this.#clock, 0, 0, 0.3)
    }
  }

  [Symbol.dispose](): void {
    this.#giveUp()
    // Nothing starts it anew.
    this.#goneMs = Number.POSITIVE_INFINITY
  }

  /** The agent; started anew when an earlier one has been gone for long enough. */
  #present(): Agent {
    if (this.#agent !== undefined) return this.#agent
    const isConnected = !this.#host.gone.aborted
    if (!isConnected || performance.now() - this.#goneMs < PAUSE_MS) throw this.#gone(isConnected)
    return this.#start()
  }

  #start(): Agent {
    const agent = this.#host.launch()
    this.#before = agent.greeting === undefined ? undefined : Buffer.alloc(0)
    this.#agent = agent
    return agent
  }

  #giveUp(): void {
    const agent = this.#agent
    this.#agent = undefined
    this.#open.length = 0
    this.#goneMs = performance.now()
    agent?.[Symbol.dispose]()
  }

  #gone(isConnected: boolean): EnvironmentError {
    return isConnected ? this.#host.silent() : this.#host.lost('reading its files')
  }

  #isSilent(): boolean {
    return performance.now() - this.#movedMs > PATIENCE_MS
  }

  #put(requests: readonly string[]): Question {
    const toWrite = Buffer.from(`${requests.join('\n')}\n\n`)
    const question: Question = { toWrite, chunks: [], received: 0, expected: undefined, answer: undefined }
    // Silence before the first question is none.
    if (this.#open.length === 0) this.#movedMs = performance.now()
    this.#open.push(question)
    return question
  }

  /** Writes and reads what can be without waiting; whether anything moved. */
  #move(): boolean {
    const agent = this.#agent
    if (agent === undefined) return false
    let moved = false
    try {
      for (const question of this.#open) {
        if (question.toWrite.length === 0) continue
        const count = attempt(() => writeSync(agent.output, question.toWrite))
        if (count === undefined) break
        question.toWrite = question.toWrite.subarray(count)
        moved = true
        if (question.toWrite.length > 0) break
      }
      for (let first = this.#open[0]; first !== undefined; first = this.#open[0]) {
        const isGreeted = this.#before === undefined
        const room = !isGreeted || first.expected === undefined ? 1 : first.expected - first.received
        const count = attempt(() =>
          readSync(agent.input, this.#buffer, 0, Math.min(room, this.#buffer.length), null),
        )
        if (count === undefined) break
        if (count === 0) {
          this.#giveUp()
          break
        }
        moved = true
        const bytes = Buffer.from(this.#buffer.subarray(0, count))
        if (isGreeted) this.#take(first, bytes)
        else this.#greet(agent, bytes)
      }
    } catch {
      this.#giveUp()
    }
    if (moved) this.#movedMs = performance.now()
    return moved
  }

  #greet({ greeting = Buffer.alloc(0) }: Agent, bytes: Buffer): void {
    const seen = Buffer.concat([this.#before ?? Buffer.alloc(0), bytes]).subarray(-greeting.length)
    this.#before = seen.equals(greeting) ? undefined : seen
  }

  /** The line with the length comes byte by byte, so that nothing of the next answer is read with it. */
  #take(question: Question, bytes: Buffer): void {
    question.chunks.push(bytes)
    question.received += bytes.length
    if (question.expected === undefined) {
      if (bytes[0] !== 0x0a) return
      const line = Buffer.concat(question.chunks).toString('latin1')
      question.chunks.length = 0
      question.expected = question.received + Number(line)
    }
    if (question.received < question.expected) return
    question.answer = parse(Buffer.concat(question.chunks))
    this.#open.shift()
  }
}

/** Undefined where the call would have had to wait. */
function attempt(call: () => number): number | undefined {
  try {
    return call()
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return undefined
    throw error
  }
}

function parse(body: Buffer): Answer {
  const answer = new Map<string, Buffer | undefined>()
  for (let at = 0; at < body.length;) {
    const tab = body.indexOf(0x09, at)
    const end = body.indexOf(0x0a, tab)
    if (tab < 0 || end < 0) break
    const length = Number(body.toString('latin1', at, tab))
    const request = body.toString('utf8', tab + 1, end)
    at = end + 1
    answer.set(request, length < 0 ? undefined : body.subarray(at, at + length))
    at += Math.max(0, length)
  }
  return answer
}
