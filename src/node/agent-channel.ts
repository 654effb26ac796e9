/**
 * Questions to an agent on another machine, over two named pipes whose other ends are those of an ssh.
 *
 * `FileView` answers at once, for whoever is in the middle of parsing something: so a question can be waited for without
 * letting go of the thread. Both ends here are read and written without blocking, from this thread only: a question that
 * must be answered at once first reads to its end the answer that others are waiting for.
 */
import { execFileSync, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EnvironmentError, messageOf } from '../base/errors.ts'
import type { SshConnection } from './ssh-connection.ts'
import { scriptLine } from './ssh-destination.ts'

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

/** Starts an agent; `name` tells its pipes in the connection's directory from those of others. */
export function openAgent(
  connection: SshConnection,
  script: string,
  name: string,
  marks: Readonly<Record<string, string>>,
): AgentChannel {
  let count = 0
  return new Channel(connection, () => {
    count += 1
    return launch(connection, scriptLine(script, marks), join(connection.directory, `${name}-${count}`))
  })
}

/** An agent that was started, and the ends of its pipes. */
interface Agent {
  readonly child: ChildProcess
  readonly input: number
  readonly output: number
}

function launch(connection: SshConnection, line: string, path: string): Agent {
  const [requests, answers] = [`${path}-requests`, `${path}-answers`]
  try {
    execFileSync('mkfifo', ['-m', '600', requests, answers], { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    throw new EnvironmentError(`cannot make named pipes: ${messageOf(error)}`)
  }
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants
  // In this order nothing waits for the other end, and the end of the agent is seen as the end of the answers.
  const theirInput = openSync(requests, O_RDONLY | O_NONBLOCK)
  const output = openSync(requests, O_WRONLY | O_NONBLOCK)
  const input = openSync(answers, O_RDONLY | O_NONBLOCK)
  const theirOutput = openSync(answers, O_WRONLY)
  try {
    return { child: connection.open(line, [theirInput, theirOutput, 'ignore']), input, output }
  } catch (error) {
    closeSync(input)
    closeSync(output)
    throw error
  } finally {
    closeSync(theirInput)
    closeSync(theirOutput)
  }
}

class Channel implements AgentChannel {
  readonly #connection: SshConnection
  readonly #launch: () => Agent
  #agent: Agent | undefined
  #goneMs = Number.NEGATIVE_INFINITY
  readonly #clock = new Int32Array(new SharedArrayBuffer(4))
  readonly #buffer = Buffer.allocUnsafe(1 << 18)
  /** Questions whose answers have not come, in the order of asking. */
  readonly #open: Question[] = []
  #movedMs = 0

  constructor(connection: SshConnection, launchOne: () => Agent) {
    this.#connection = connection
    this.#launch = launchOne
    this.#agent = launchOne()
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
        throw this.#gone(await this.#connection.isAlive())
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
        throw this.#gone(this.#connection.isAliveNow())
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
    const isConnected = !this.#connection.gone.aborted
    if (!isConnected || performance.now() - this.#goneMs < PAUSE_MS) throw this.#gone(isConnected)
    this.#agent = this.#launch()
    return this.#agent
  }

  #giveUp(): void {
    const agent = this.#agent
    this.#agent = undefined
    this.#open.length = 0
    this.#goneMs = performance.now()
    if (agent === undefined) return
    agent.child.kill('SIGKILL')
    closeSync(agent.input)
    closeSync(agent.output)
  }

  #gone(isConnected: boolean): EnvironmentError {
    if (!isConnected) return this.#connection.lost('reading its files')
    const { host } = this.#connection
    return new EnvironmentError(`the files of ${host.destination} cannot be read: nothing there answers`, {
      code: 'QUARRY_SSH_SILENT',
      remedy: 'is the host short of memory or of processors? The next look tries anew',
    })
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
        const room = first.expected === undefined ? 1 : first.expected - first.received
        const count = attempt(() =>
          readSync(agent.input, this.#buffer, 0, Math.min(room, this.#buffer.length), null),
        )
        if (count === undefined) break
        if (count === 0) {
          this.#giveUp()
          break
        }
        moved = true
        this.#take(first, Buffer.from(this.#buffer.subarray(0, count)))
      }
    } catch {
      this.#giveUp()
    }
    if (moved) this.#movedMs = performance.now()
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
