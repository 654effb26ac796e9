/** Running a script of a module on a node, with its output in the module's log and among the artifacts. */
import { join } from 'node:path'
import { formatDuration } from '../../base/duration.ts'
import { fileNameOf } from '../../base/file-name.ts'
import type { ModuleContext } from '../../plugin/module.ts'
import type { CommandResult, Node } from '../../plugin/node.ts'
import { invocationOf } from './invocation.ts'
import { openScriptLog } from './script-log.ts'

export interface Script {
  readonly script: string
  readonly env?: Readonly<Record<string, string>>
  /** Times in ms, 0 for no limit: for the whole, and for silence after something was said. */
  readonly timeout?: number | undefined
  readonly no_output_timeout?: number | undefined
  /** Whether standard output is kept. */
  readonly export_output?: boolean
}

/** How it ended on one node. */
export interface Ending {
  readonly node: string
  readonly output: string
  readonly ok: boolean
  /** Why it failed, with the last lines that it wrote. */
  readonly why?: string
}

/** Runs it to its end, or to that of the phase when the module lasts so long; that is no failure. */
export async function runScript(node: Node, context: ModuleContext, given: Script): Promise<Ending> {
  const { script, env, timeout, export_output: keepsOutput = false, no_output_timeout: silenceMs } = given
  const prefix = context.group(node.group).length > 1 ? `${node.name}: ` : ''
  const path = join(context.artifacts(node), `${fileNameOf(context.name)}.log`)
  await using log = openScriptLog(path, (line) => context.log(prefix + line))
  const { command, env: handed } = await invocationOf(script, node)
  const running = await node.spawn(command, {
    signal: context.signal,
    env: { ...context.environment(node), ...env, ...handed },
    ...(timeout ? { timeoutMs: timeout } : {}),
  })
  let silent = false
  using silence = watchSilence(silenceMs ?? 0, () => {
    silent = true
    void running.stop()
  })
  const stopsWithPhase = context.lifetime === 'run_to_end_of_phase'
  const stop = (): void => void running.stop()
  if (stopsWithPhase) context.endOfPhase.addEventListener('abort', stop, { once: true })
  if (stopsWithPhase && context.endOfPhase.aborted) stop()
  try {
    await Promise.all([
      log.take(running.stdout, keepsOutput, silence.heard),
      log.take(running.stderr, false, silence.heard),
    ])
    // What it left in the background goes on: the end of the run, or of the node, ends it.
    const result = await running.done
    const wasStopped = stopsWithPhase && context.endOfPhase.aborted
    const ending = { node: node.name, output: log.output() }
    if (result.ok || wasStopped) return { ...ending, ok: true }
    const last = log.lastLines()
    const why = silent
      ? `the script said nothing for ${formatDuration(silenceMs ?? 0)} and was stopped`
      : reason(result)
    return { ...ending, ok: false, why: why + (last === '' ? '' : `:\n${last}`) }
  } finally {
    context.endOfPhase.removeEventListener('abort', stop)
  }
}

/** Calls back when nothing has been heard for so long since the first time; never for 0. */
function watchSilence(
  milliseconds: number,
  onSilence: () => void,
): { readonly heard: () => void } & Disposable {
  let timer: NodeJS.Timeout | undefined
  return {
    heard: () => {
      clearTimeout(timer)
      if (milliseconds > 0) timer = setTimeout(onSilence, milliseconds)
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

function reason(result: CommandResult): string {
  if (result.timedOut) {
    return `the script took longer than its timeout and was stopped after ${formatDuration(result.durationMs)}`
  }
  if (result.signal !== null) return `the script was ended by ${result.signal}`
  return `the script ended with status ${result.exitCode ?? 'unknown'}`
}
