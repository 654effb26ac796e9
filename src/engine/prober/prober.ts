/** A process of ours on a node, in which probes are tried from the network of that node. */
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { abortReason } from '../../base/abort.ts'
import { EnvironmentError } from '../../base/errors.ts'
import { linesOf } from '../../base/lines.ts'
import type { Node, RunningCommand } from '../../plugin/node.ts'
import type { NetworkProbeContext, Probe, ProbePlugin, ProbeResult } from '../../plugin/probe.ts'
import type { Answer, Question } from './messages.ts'

export const PROGRAM = join(import.meta.dirname, 'program.ts')

/** How long an attempt whose time is up may take to say how far it came, in ms. */
const LAST_WORDS_MS = 2000

/** The probes of one node share the process; one that has ended is started again by the next attempt. */
export interface Prober extends AsyncDisposable {
  /** Opens a probe there; rejects with what the probe says when it cannot be opened. */
  open(plugin: ProbePlugin, context: NetworkProbeContext, properties: unknown): Promise<Probe>
}

/** Starts nothing yet; an EnvironmentError says what the node lacks. */
export async function createProber(node: Node, signal: AbortSignal): Promise<Prober> {
  const command = [...(await nodeCommand(node, signal)), '--disable-warning=ExperimentalWarning', PROGRAM]
  let process: Promise<ProberProcess> | undefined
  const start = async (): Promise<ProberProcess> => {
    const input = new PassThrough()
    // It has ended, which is told by its exit.
    input.on('error', () => undefined)
    return new ProberProcess(node, await node.spawn(command, { input, maxBytes: 1 << 16 }), input, () => {
      process = undefined
    })
  }
  const running = async (): Promise<ProberProcess> => {
    process ??= start()
    process.catch(() => (process = undefined))
    return process
  }
  return {
    open: async (plugin, { name, environment, timeoutMs }, properties) => {
      const { id: component, module = '' } = plugin
      const ids = new WeakMap<ProberProcess, Promise<number>>()
      const openIn = (prober: ProberProcess): Promise<number> => {
        const id =
          ids.get(prober) ?? prober.open({ module, component, name, environment, timeoutMs, properties })
        ids.set(prober, id)
        return id
      }
      await openIn(await running())
      return {
        attempt: (attemptSignal) =>
          withLastWords(node, attemptSignal, async () => {
            const prober = await running()
            return await prober.attempt(await openIn(prober), attemptSignal)
          }),
      }
    },
    [Symbol.asyncDispose]: async () => {
      await (await process?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}

/** One process, from its start to its end. */
class ProberProcess implements AsyncDisposable {
  readonly #node: Node
  readonly #running: RunningCommand
  readonly #input: PassThrough
  readonly #open = new Map<number, PromiseWithResolvers<Answer>>()
  #last = 0
  #ended: Error | undefined

  constructor(node: Node, running: RunningCommand, input: PassThrough, onEnd: () => void) {
    this.#node = node
    this.#running = running
    this.#input = input
    void this.#listen().then((why) => {
      onEnd()
      this.#ended = new Error(`the process on ${node.name} that tries it has ended${why}`)
      for (const { reject } of this.#open.values()) reject(this.#ended)
    })
  }

  /** Opens a probe; gives the number that attempts name it by. */
  async open(question: Omit<Extract<Question, { type: 'open' }>, 'type' | 'id'>): Promise<number> {
    const id = ++this.#last
    await this.#ask({ type: 'open', id, ...question })
    return id
  }

  async attempt(probe: number, signal: AbortSignal): Promise<ProbeResult> {
    const id = ++this.#last
    const onAbort = (): void => this.#send({ type: 'abort', id, reason: abortReason(signal).message })
    const answer = this.#ask({ type: 'attempt', id, probe })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      const { result } = await answer
      if (result === undefined) throw new Error(`the process on ${this.#node.name} gave no result`)
      return result
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#input.end()
    await this.#running.stop()
  }

  async #ask(question: Question): Promise<Answer> {
    if (this.#ended !== undefined) throw this.#ended
    const waiting = Promise.withResolvers<Answer>()
    this.#open.set(question.id, waiting)
    this.#send(question)
    try {
      const answer = await waiting.promise
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer
    } finally {
      this.#open.delete(question.id)
    }
  }

  #send(question: Question): void {
    if (this.#input.writable) this.#input.write(`${JSON.stringify(question)}\n`)
  }

  /** Hands out answers until the process ends; gives what it said last. Never rejects. */
  async #listen(): Promise<string> {
    try {
      for await (const lines of linesOf(this.#running.stdout, Number.POSITIVE_INFINITY)) {
        for (const line of lines) {
          const answer = JSON.parse(line) as Answer
          this.#open.get(answer.id)?.resolve(answer)
        }
      }
    } catch {
      // A connection that was lost, or half a line: there are no more answers.
      await this.#running.stop()
    }
    const { stderr } = await this.#running.done
    const last = stderr.trim().split('\n').at(-1) ?? ''
    return last === '' ? '' : `: ${last}`
  }
}

/** What `act` gives, or a rejection when the signal has aborted and no last words come. */
function withLastWords(
  node: Node,
  signal: AbortSignal,
  act: () => Promise<ProbeResult>,
): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const giveUp = (): void =>
      reject(
        new Error(
          `the process on ${node.name} that tries it does not answer: ${abortReason(signal).message}`,
        ),
      )
    const onAbort = (): void => void (timer = setTimeout(giveUp, LAST_WORDS_MS))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    void act()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      })
  })
}

/** Exits with 0 in a Node.js that can run the program, where that is. */
const CHECK =
  'process.exit(parseInt(process.versions.node) >= 24 && require("fs").existsSync(process.argv[1]) ? 0 : 1)'

/** Node.js on the node, where this program's files are too. */
async function nodeCommand(node: Node, signal: AbortSignal): Promise<readonly string[]> {
  for (const program of [process.execPath, 'node']) {
    const { ok } = await node.run([program, '-e', CHECK, PROGRAM], { signal })
    if (ok) return [program]
  }
  throw new EnvironmentError(`${node.name} has no Node.js 24 with the files of Quarry`, {
    remedy: `install Node.js 24 and Quarry at ${join(import.meta.dirname, '../../..')} there`,
  })
}
