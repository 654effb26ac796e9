/** Runs a script on nodes of a group, all at once. */
import { join } from 'node:path'
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { ModuleContext } from '../../../plugin/module.ts'
import type { CommandResult, Node } from '../../../plugin/node.ts'
import { duration } from '../../../plugin/properties.ts'
import { repeated, repeatProperties } from '../../../plugin/repeat.ts'
import { selectionProperties, selectNodes } from '../../../plugin/selection.ts'
import { invocationOf } from '../../scripts/invocation.ts'
import { openScriptLog } from './script-log.ts'

const properties = z.strictObject({
  script: z
    .string()
    .min(1)
    .describe(
      'what bash runs, with `-o pipefail`, or the interpreter of its `#!` line; a status other than 0 is a failure',
    ),
  ...selectionProperties('server'),
  env: z.record(z.string(), z.string()).default({}).describe('environment variables'),
  'env.vars': z
    .record(z.string(), z.string())
    .default({})
    .describe('more of them, under the name that Fallout has for `env`'),
  timeout: duration
    .optional()
    .describe('a script that takes longer is stopped, and has failed; 0 is no limit'),
  no_output_timeout: duration
    .optional()
    .describe(
      'a script that has said something and then nothing for so long is stopped, and has failed; 0 is no limit',
    ),
  export_output: z
    .boolean()
    .default(false)
    .describe('whether its standard output is the value of the operation, up to 64 KiB of each node'),
  ...repeatProperties,
})
type Properties = z.infer<typeof properties>

/** How it ended on one node. */
interface Ending {
  readonly node: string
  readonly output: string
  readonly ok: boolean
  /** Why it failed, with the last lines that it wrote. */
  readonly why?: string
}

export default defineModule({
  id: 'bash',
  summary: 'runs a script on the nodes of a group; a script that fails is a failed operation',
  needs: [{ type: 'tool', name: 'bash', package: 'bash' }],
  properties,
  lifetime: 'dynamic',
  run: (context, given) => {
    const nodes = selectNodes((name) => context.group(name), given)
    return repeated(context, given, async () => {
      context.operation('invoke', { nodes: nodes.map(({ name }) => name) })
      // All have ended before anything is said: one that cannot be started must not leave the others running.
      const settled = await Promise.allSettled(nodes.map((node) => runOn(node, context, given)))
      throwIfAborted(context.signal)
      const endings = settled.map((ending) => {
        if (ending.status === 'rejected') throw ending.reason
        return ending.value
      })
      const failures = endings.filter(({ ok }) => !ok)
      if (failures.length > 0) {
        context.operation('fail', failures.map(({ node, why }) => `${node}: ${why}`).join('\n'))
      } else if (given.export_output) {
        context.operation('ok', endings.map(({ output }) => output).join('\n'))
      } else {
        context.operation('ok')
      }
    })
  },
})

async function runOn(node: Node, context: ModuleContext, given: Properties): Promise<Ending> {
  const { script, env, timeout, export_output: keepsOutput, no_output_timeout: silenceMs } = given
  const prefix = context.group(node.group).length > 1 ? `${node.name}: ` : ''
  const path = join(context.artifacts(node), `${context.name.replaceAll(/[^\w.-]/g, '_')}.log`)
  await using log = openScriptLog(path, (line) => context.log(prefix + line))
  const { command, env: handed } = await invocationOf(script, node)
  const running = await node.spawn(command, {
    signal: context.signal,
    env: { ...context.environment(node), ...given['env.vars'], ...env, ...handed },
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
