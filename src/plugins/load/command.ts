/** A load that a program of Debian makes on each node by itself. */
import { throwIfAborted } from '../../base/abort.ts'
import type { ModuleContext } from '../../plugin/module.ts'
import type { CommandResult, Node } from '../../plugin/node.ts'

/** How a program ended on a node; `wasStopped` when the phase ended first. */
export interface CommandEnding {
  readonly node: Node
  readonly result: CommandResult
  readonly wasStopped: boolean
}

/** Runs a command on all nodes at once, to its end or that of the phase. Rejects with the reason of an abort. */
export async function runEverywhere(
  context: ModuleContext,
  nodes: readonly Node[],
  commandOf: (node: Node) => readonly string[],
): Promise<readonly CommandEnding[]> {
  const settled = await Promise.allSettled(nodes.map((node) => runOn(context, node, commandOf(node))))
  throwIfAborted(context.signal)
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}

async function runOn(
  { lifetime, endOfPhase, signal }: ModuleContext,
  node: Node,
  command: readonly string[],
): Promise<CommandEnding> {
  await using running = await node.spawn(command, { signal })
  let wasStopped = false
  const stop = (): void => {
    wasStopped = true
    running.interrupt()
  }
  if (lifetime === 'run_to_end_of_phase') {
    endOfPhase.addEventListener('abort', stop, { once: true })
    if (endOfPhase.aborted) stop()
  }
  try {
    return { node, result: await running.done, wasStopped }
  } finally {
    endOfPhase.removeEventListener('abort', stop)
  }
}

/** Why a program failed, with the end of what it said. */
export const failureOf = ({ node, result }: CommandEnding): string =>
  `${node.name}: status ${result.exitCode ?? result.signal}: ${(result.stderr || result.stdout).trim().slice(-500)}`
