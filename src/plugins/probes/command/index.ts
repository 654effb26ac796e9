/** Tries a system with a command on the node. */
import { z } from 'zod'
import { formatDuration } from '../../../base/duration.ts'
import { defineProbe } from '../../../plugin/define.ts'
import type { CommandResult, RunningCommand } from '../../../plugin/node.ts'
import type { Probe, ProbeContext, ProbeResult } from '../../../plugin/probe.ts'
import { parseValues } from './values.ts'

const properties = z.strictObject({
  command: z
    .string()
    .regex(/\S/, { error: 'is empty' })
    .describe('command line for bash, with `pipefail`; exit status 0 is success'),
  values: z
    .boolean()
    .default(false)
    .describe('whether lines of the form `name value` on its standard output are metrics, `probe_<name>`'),
})

/** Bytes that are kept of each output. */
const MOST_BYTES = 64 << 10

export default defineProbe({
  id: 'command',
  summary: 'Command on the node; success is exit status 0',
  needs: [{ type: 'tool', name: 'bash', package: 'bash' }],
  properties,
  target: ({ command }) => command,
  subject: ({ command }) => ({ type: 'command', command }),
  open: async (context, { command, values }) => new CommandProbe(context, command, values),
})

class CommandProbe implements Probe {
  readonly #context: ProbeContext
  readonly #command: string
  readonly #publishes: boolean
  /** The end of a command whose time was up: it may take its time to die, the verdict on it does not. */
  #stopping: Promise<void> = Promise.resolve()

  constructor(context: ProbeContext, command: string, publishes: boolean) {
    this.#context = context
    this.#command = command
    this.#publishes = publishes
  }

  async attempt(signal: AbortSignal): Promise<ProbeResult> {
    await this.#stopping
    const { node, environment, timeoutMs } = this.#context
    const running = await node.spawn(['bash', '-o', 'pipefail', '-c', this.#command], {
      env: environment,
      maxBytes: MOST_BYTES,
    })
    const startedMs = performance.now()
    const result = await endOf(running, signal, timeoutMs)
    if (result !== undefined) return this.#judge(result)
    this.#stopping = running.stop()
    const elapsedMs = performance.now() - startedMs
    return {
      success: false,
      error: `not done within ${formatDuration(Math.min(timeoutMs, elapsedMs))}`,
      stage: 'receive',
      durationNs: Math.round(elapsedMs * 1e6),
    }
  }

  async close(): Promise<void> {
    await this.#stopping
  }

  #judge(result: CommandResult): ProbeResult {
    const common = {
      stage: 'done',
      durationNs: Math.round(result.durationMs * 1e6),
      ...(this.#publishes ? { values: parseValues(result.stdout) } : {}),
    }
    return result.ok ? { success: true, ...common } : { success: false, error: complaint(result), ...common }
  }
}

/** The result, or `undefined` when the time is up or the signal aborts first. */
function endOf(
  running: RunningCommand,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<CommandResult | undefined> {
  return new Promise((resolve) => {
    const giveUp = (): void => settle(undefined)
    const timer = setTimeout(giveUp, timeoutMs)
    const settle = (result: CommandResult | undefined): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      resolve(result)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    void running.done.then(settle)
  })
}

/** How it ended, and the last thing it said. */
function complaint({ exitCode, signal, stderr, stdout }: CommandResult): string {
  const end = signal === null ? `exit status ${exitCode}` : `killed by ${signal}`
  const said = (stderr.trim() === '' ? stdout : stderr).trim()
  const last = said.slice(said.lastIndexOf('\n') + 1).slice(0, 200)
  return last === '' ? end : `${end}: ${last}`
}
