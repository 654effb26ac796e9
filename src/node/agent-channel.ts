/**
 * Questions to an agent on another machine, over two named pipes whose other ends are those of an ssh.
 *
 * `FileView` answers at once, for whoever is in the middle of parsing something: so a question can be waited for without
 * letting go of the thread. Both ends here are read and written without blocking, from this thread only: a question that
 * must be answered at once first reads to its end the answer that others are waiting for.
 */
import type { ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EnvironmentError } from '../base/errors.ts'
import { runProcess } from '../base/process.ts'
import type { SshConnection } from './ssh-connection.ts'
import { scriptLine } from './ssh-destination.ts'

/** An agent that is silent for so long, in ms, is given up. */
const PATIENCE_MS = 15_000

/** What the agent found, by request line; undefined for what it could not read. */
export type Answer = ReadonlyMap<string, Buffer | undefined>

export interface AgentChannel extends Disposable {
  /** Rejects with an EnvironmentError when the agent is gone or silent. */
  ask(requests: readonly string[]): Promise<Answer>
  /** Waits for the answer without letting anything else go on; undefined when the agent is gone or silent. */
  askNow(requests: readonly string[]): Answer | undefined
}

interface Question {
  toWrite: Buffer
  readonly chunks: Buffer[]
  received: number
  /** Bytes of the whole answer with its first line, once that has come. */
  expected: number | undefined
  answer: Answer | undefined
}

/** Starts an agent; `name` tells its pipes in the connection's directory from those of others. */
export async function openAgent(
  connection: SshConnection,
  script: string,
  name: string,
  marks: Readonly<Record<string, string>>,
): Promise<AgentChannel> {
  const [requests, answers] = ['requests', 'answers'].map((end) =>
    join(connection.directory, `${name}-${end}`),
  )
  if (requests === undefined || answers === undefined) throw new Error('unreachable')
  const made = await runProcess(['mkfifo', '-m', '600', requests, answers])
  if (!made.ok) throw new EnvironmentError(`cannot make named pipes: ${made.stderr.trim()}`)
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants
  // In this order nothing waits for the other end, and the end of the agent is seen as the end of the answers.
  const theirInput = openSync(requests, O_RDONLY | O_NONBLOCK)
  const output = openSync(requests, O_WRONLY | O_NONBLOCK)
  const input = openSync(answers, O_RDONLY | O_NONBLOCK)
  const theirOutput = openSync(answers, O_WRONLY)
  const child = connection.open(scriptLine(script, marks), [theirInput, theirOutput, 'ignore'])
  closeSync(theirInput)
  closeSync(theirOutput)
  return new Channel(connection, child, input, output)
}

class Channel implements AgentChannel {
  readonly #connection: SshConnection
  readonly #child: ChildProcess
  readonly #input: number
  readonly #output: number
  readonly #clock = new Int32Array(new SharedArrayBuffer(4))
  readonly #buffer = Buffer.allocUnsafe(1 << 18)
  /** Questions whose answers have not come, in the order of asking. */
  readonly #open: Question[] = []
  #isGone = false

  constructor(connection: SshConnection, child: ChildProcess, input: number, output: number) {
    this.#connection = connection
    this.#child = child
    this.#input = input
    this.#output = output
  }

  async ask(requests: readonly string[]): Promise<Answer> {
    if (requests.length === 0) return new Map()
    const question = this.#put(requests)
    let lastMs = performance.now()
    let seen = -1
    for (;;) {
      this.#move()
      if (question.answer !== undefined) return question.answer
      const moved = this.#open.reduce((sum, one) => sum + one.received, 0)
      if (moved !== seen) lastMs = performance.now()
      seen = moved
      if (this.#isGone || performance.now() - lastMs > PATIENCE_MS) {
        this.#isGone = true
        throw this.#connection.lost('reading its files')
      }
      await delay(2)
    }
  }

  askNow(requests: readonly string[]): Answer | undefined {
    if (this.#isGone) return undefined
    const question = this.#put(requests)
    const untilMs = performance.now() + PATIENCE_MS
    while (question.answer === undefined && !this.#isGone) {
      if (this.#move()) continue
      if (performance.now() > untilMs) this.#isGone = true
      // Sleeps, and wakes at once for nobody.
      else Atomics.wait(this.#clock, 0, 0, 0.3)
    }
    return question.answer
  }

  [Symbol.dispose](): void {
    if (!this.#isGone || this.#child.exitCode === null) this.#child.kill()
    this.#isGone = true
    closeSync(this.#input)
    closeSync(this.#output)
  }

  #put(requests: readonly string[]): Question {
    const toWrite = Buffer.from(`${requests.join('\n')}\n\n`)
    const question: Question = { toWrite, chunks: [], received: 0, expected: undefined, answer: undefined }
    this.#open.push(question)
    return question
  }

  /** Writes and reads what can be without waiting; whether anything moved. */
  #move(): boolean {
    let moved = false
    try {
      for (const question of this.#open) {
        if (question.toWrite.length === 0) continue
        const count = attempt(() => writeSync(this.#output, question.toWrite))
        if (count === undefined) break
        question.toWrite = question.toWrite.subarray(count)
        moved = true
        if (question.toWrite.length > 0) break
      }
      for (let first = this.#open[0]; first !== undefined; first = this.#open[0]) {
        const room = first.expected === undefined ? 1 : first.expected - first.received
        const count = attempt(() =>
          readSync(this.#input, this.#buffer, 0, Math.min(room, this.#buffer.length), null),
        )
        if (count === undefined) return moved
        if (count === 0) {
          this.#isGone = true
          return moved
        }
        moved = true
        this.#take(first, Buffer.from(this.#buffer.subarray(0, count)))
      }
    } catch {
      this.#isGone = true
    }
    return moved
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
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined
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
