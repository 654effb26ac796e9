/** Nodes of a Kubernetes cluster. Their commands run on the controller, with the cluster's kubeconfig. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { EnvironmentError, UserError } from '../../base/errors.ts'
import { runProcess, type ProcessResult } from '../../base/process.ts'
import type { Node } from '../../plugin/node.ts'
import type { Provisioned, ProvisionContext } from '../../plugin/provisioner.ts'
import { localNode } from '../local.ts'
import { makeDirectories } from '../scratch.ts'
import { parseNodes, type ClusterNode } from './nodes.ts'

/** A kubectl that cannot reach the API server gives up after this time. */
const ASK_MS = 60_000

/**
 * Makes the directory for the files of a cluster: its kubeconfig, and those by which objects are undone. It goes with the
 * undo ledger and not with the nodes, for what is still in the cluster then is undone by these files.
 */
export async function makeClusterDirectory({ run, group, ledger }: ProvisionContext): Promise<string> {
  const path = join(tmpdir(), `quarry-${run}-${group}-kube-${randomBytes(6).toString('hex')}`)
  await ledger.record({ type: 'path', path })
  await mkdir(path, { mode: 0o700 })
  return path
}

/** Runs a command of the provisioner, with the kubeconfig if there is one; an EnvironmentError says why it failed. */
export async function runTool(
  { run, signal }: ProvisionContext,
  command: readonly string[],
  { kubeconfig, timeoutMs = ASK_MS }: { readonly kubeconfig?: string; readonly timeoutMs?: number } = {},
): Promise<ProcessResult> {
  const env = { QUARRY_RUN: run, ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }) }
  const result = await runProcess(command, { signal, timeoutMs, env })
  if (result.ok) return result
  const said = result.stderr.trim().split('\n').slice(-3).join('; ')
  const how = result.timedOut ? 'took too long' : `ended with ${result.signal ?? `status ${result.exitCode}`}`
  throw new EnvironmentError(`${command.slice(0, 3).join(' ')} ${how}${said === '' ? '' : `: ${said}`}`, {
    code: 'QUARRY_KUBERNETES',
    remedy: `try it: ${command.join(' ')}`,
  })
}

export interface ClusterAccess {
  readonly kubeconfig: string
  /** Context that the kubeconfig was made from. */
  readonly context: string
  /** Why nothing can be seen of its machines, if nothing can. */
  readonly unseen?: string
}

const left = z.object({ scratch: z.array(z.string()), kubeconfig: z.string(), context: z.string() })

/** The first nodes of the cluster, as many as are wanted; a UserError when it has fewer. */
export async function clusterNodes(context: ProvisionContext, access: ClusterAccess): Promise<Provisioned> {
  const found = await listNodes(context, access)
  const directories = await makeDirectories(context)
  const nodes = found.map((one, ordinal) =>
    clusterNode(context, access, one, { ordinal, ...directories.of(ordinal) }),
  )
  const { kubeconfig, context: name } = access
  const state: z.infer<typeof left> = {
    scratch: nodes.map(({ scratch }) => scratch),
    kubeconfig,
    context: name,
  }
  return { nodes, state, [Symbol.asyncDispose]: () => directories[Symbol.asyncDispose]() }
}

/** Finds them again; an EnvironmentError when what they need is gone. */
export async function resumeClusterNodes(
  context: ProvisionContext,
  state: unknown,
  unseen?: string,
): Promise<Provisioned> {
  const { scratch, kubeconfig, context: name } = left.parse(state)
  for (const path of [kubeconfig, ...scratch]) {
    if (existsSync(path)) continue
    throw new EnvironmentError(`${path} of a kept node group is gone`, { code: 'QUARRY_KEPT_GONE' })
  }
  const access = { kubeconfig, context: name, ...(unseen === undefined ? {} : { unseen }) }
  const found = await listNodes(context, access)
  const nodes: Node[] = []
  for (const [ordinal, one] of found.entries()) {
    const artifacts = join(context.directory, String(ordinal))
    await mkdir(artifacts, { recursive: true })
    nodes.push(clusterNode(context, access, one, { ordinal, scratch: scratch[ordinal] ?? '', artifacts }))
  }
  // What stands is in the ledger that it was left with.
  return { nodes, state, [Symbol.asyncDispose]: () => Promise.resolve() }
}

async function listNodes(context: ProvisionContext, { kubeconfig }: ClusterAccess): Promise<ClusterNode[]> {
  const { group, count } = context
  const command = ['kubectl', 'get', 'nodes', '--output=json', '--request-timeout=30s']
  const found = parseNodes((await runTool(context, command, { kubeconfig })).stdout)
  if (found.length < count) {
    throw new UserError(
      `node group ${group} wants ${count} nodes, and the cluster has ${found.length}; node.count is 1 for a cluster of any size`,
    )
  }
  return found.slice(0, count)
}

function clusterNode(
  { run, group }: ProvisionContext,
  { kubeconfig, context, unseen }: ClusterAccess,
  { name, address, externalAddress = address }: ClusterNode,
  place: { readonly ordinal: number; readonly scratch: string; readonly artifacts: string },
): Node {
  const node = localNode({ run, group, ...place, address, env: { KUBECONFIG: kubeconfig } })
  return {
    ...node,
    ...(unseen === undefined ? {} : { unseen }),
    providers: {
      kube: { kubeconfig, context },
      'kubernetes-node-info': { nodeName: name, internalAddress: address, externalAddress },
    },
  }
}
