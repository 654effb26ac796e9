/** Runs a script on every node of a group, all at once. */
import { join } from 'node:path'
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { ModuleContext } from '../../../plugin/module.ts'
import type { CommandResult, Node } from '../../../plugin/node.ts'
import { duration, nodeGroup } from '../../../plugin/properties.ts'
import { openScriptLog } from './script-log.ts'

const properties = z.strictObject({
  script: z
    .string()
    .min(1)
    .describe('what bash runs, with `-o pipefail`; a status other than 0 is a failure'),
  target: nodeGroup('server').describe('node group whose nodes run it'),
  env: z.record(z.string(), z.string()).default({}).describe('environment variables'),
  timeout: duration
    .optional()
    .describe('a script that takes longer is stopped, and has failed; 0 is no limit'),
})
type Properties = z.infer<typeof properties>

/** How it ended on one node. */
interface Ending {
  readonly node: string
  readonly ok: boolean
  /** Why it failed, with the last lines that it wrote. */
  readonly why?: string
}

export default defineModule({
  id: 'bash',
  summary: 'runs a script on every node of a group; a script that fails is a failed operation',
  needs: [{ type: 'tool', name: 'bash', package: 'bash' }],
  properties,
  lifetime: 'dynamic',
  run: async (context, given) => {
    const nodes = context.group(given.target)
    context.operation('invoke', { nodes: nodes.map(({ name }) => name) })
    // All have ended before anything is said: one that cannot be started must not leave the others running.
    const settled = await Promise.allSettled(nodes.map((node) => runOn(node, context, given)))
    throwIfAborted(context.signal)
    const failures: Ending[] = []
    for (const ending of settled) {
      if (ending.status === 'rejected') throw ending.reason
      if (!ending.value.ok) failures.push(ending.value)
    }
    if (failures.length === 0) context.operation('ok')
    else context.operation('fail', failures.map(({ node, why }) => `${node}: ${why}`).join('\n'))
  },
})

async function runOn(
  node: Node,
  context: ModuleContext,
  { script, env, timeout }: Properties,
): Promise<Ending> {
  const prefix = context.group(node.group).length > 1 ? `${node.name}: ` : ''
  const path = join(context.artifacts(node), `${context.name.replaceAll(/[^\w.-]/g, '_')}.log`)
  await using log = openScriptLog(path, (line) => context.log(prefix + line))
  await using command = await node.spawn(['bash', '-o', 'pipefail', '-c', script], {
    signal: context.signal,
    env: { ...context.environment(node), ...env },
    ...(timeout ? { timeoutMs: timeout } : {}),
  })
  const stopsWithPhase = context.lifetime === 'run_to_end_of_phase'
  const stop = (): void => void command.stop()
  if (stopsWithPhase) context.endOfPhase.addEventListener('abort', stop, { once: true })
  if (stopsWithPhase && context.endOfPhase.aborted) stop()
  try {
    await Promise.all([log.take(command.stdout), log.take(command.stderr)])
    const result = await command.done
    const wasStopped = stopsWithPhase && context.endOfPhase.aborted
    if (result.ok || wasStopped) return { node: node.name, ok: true }
    const last = log.lastLines()
    return { node: node.name, ok: false, why: reason(result) + (last === '' ? '' : `:\n${last}`) }
  } finally {
    context.endOfPhase.removeEventListener('abort', stop)
  }
}

function reason(result: CommandResult): string {
  if (result.timedOut) {
    return `the script took longer than its timeout and was stopped after ${formatDuration(result.durationMs)}`
  }
  if (result.signal !== null) return `the script was ended by ${result.signal}`
  return `the script ended with status ${result.exitCode ?? 'unknown'}`
}
