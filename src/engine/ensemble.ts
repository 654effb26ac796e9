/** The machines of one run, by group and alias. */
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UserError, messageOf } from '../base/errors.ts'
import type { Definition, NodeGroupSpec } from '../model/definition.ts'
import type { Node } from '../plugin/node.ts'
import type { Registry } from '../plugin/registry.ts'
import type { UndoLedger } from '../plugin/undo.ts'
import type { RunDirectory } from '../store/run-directory.ts'

export interface Ensemble extends AsyncDisposable {
  readonly nodes: readonly Node[]
  /** One node of each host: what is looked at as a whole, a kernel and its processes, is looked at once. */
  readonly hosts: readonly Node[]
  /** Nodes of a group by its name or an alias of it, in any case; a UserError for an unknown one. */
  group(name: string): readonly Node[]
  environment(node: Node): Readonly<Record<string, string>>
  /** Directory, on the controller, of the files that a node leaves behind. */
  artifacts(node: Node): string
}

/** Provisions all groups side by side. If one fails, those that came up are given back before the error is thrown. */
export async function provision(
  definition: Definition,
  registry: Registry,
  directory: RunDirectory,
  ledger: UndoLedger,
  signal: AbortSignal,
): Promise<Ensemble> {
  const provisioned = await Promise.allSettled(
    definition.groups.map((spec) => provisionGroup(spec, registry, directory, ledger, signal)),
  )
  await using stack = new AsyncDisposableStack()
  const failures: unknown[] = []
  const byName = new Map<string, readonly Node[]>()
  for (const [index, result] of provisioned.entries()) {
    const spec = definition.groups[index]
    if (spec === undefined) continue
    if (result.status === 'rejected') {
      failures.push(result.reason)
      continue
    }
    stack.use(result.value)
    for (const name of [spec.name, ...spec.aliases]) byName.set(name.toLowerCase(), result.value.nodes)
  }
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '))
  const owned = stack.move()
  const nodes = [...new Set([...byName.values()].flat())]
  return {
    nodes,
    hosts: [...new Map(nodes.toReversed().map((node) => [node.host, node])).values()].toReversed(),
    group: (name) => {
      const found = byName.get(name.toLowerCase())
      if (found !== undefined) return found
      throw new UserError(`there is no node group called ${name}; there are ${[...byName.keys()].join(', ')}`)
    },
    environment: (node) => ({
      QUARRY_RUN_DIRECTORY: directory.path,
      QUARRY_DEFINITION_DIR: dirname(resolve(definition.file)),
      QUARRY_NODE_GROUP: node.group,
      QUARRY_NODE_ORDINAL: String(node.ordinal),
      QUARRY_NODE_COUNT: String(byName.get(node.group.toLowerCase())?.length ?? 0),
      QUARRY_ARTIFACTS: nodeDirectory(directory, node.group, node.ordinal),
      QUARRY_SCRATCH: node.scratch,
    }),
    artifacts: (node) => nodeDirectory(directory, node.group, node.ordinal),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function nodeDirectory(directory: RunDirectory, group: string, ordinal: number): string {
  const path = directory.file('nodes', group, String(ordinal))
  mkdirSync(path, { recursive: true })
  return path
}

async function provisionGroup(
  spec: NodeGroupSpec,
  registry: Registry,
  directory: RunDirectory,
  ledger: UndoLedger,
  signal: AbortSignal,
): Promise<{ readonly nodes: readonly Node[] } & AsyncDisposable> {
  const { component, properties } = spec.provisioner
  const plugin = registry.get('provisioner', component)
  if (plugin === undefined) {
    throw new Error(`provisioner ${component} is in the definition and not in the registry`)
  }
  const context = { run: directory.id, group: spec.name, count: spec.nodeCount, ledger, signal }
  return plugin.provision({ ...context, directory: directory.file('nodes', spec.name) }, properties)
}
