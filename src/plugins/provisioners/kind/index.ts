/** A Kubernetes cluster in containers of this host, made for the run and deleted after it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import {
  clusterNodes,
  makeClusterDirectory,
  resumeClusterNodes,
  runTool,
} from '../../../node/kubernetes/cluster.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import { clusterConfig, clusterNameOf, nodesInConfig } from './config.ts'

const properties = z.strictObject({
  'kind.config': z
    .string()
    .min(1)
    .optional()
    .describe(
      'configuration of kind, such as `<<file:kind.yaml>>`, with as many nodes as node.count; when left out one control plane, and workers for the rest',
    ),
  'image.load': z
    .array(z.string().min(1))
    .default([])
    .describe('Docker images of this host that are loaded into the cluster'),
})

/** Pulling the node image comes first. */
const CREATE_MS = 20 * 60_000
const READY_S = 300

export default defineProvisioner({
  id: 'kind',
  summary: 'a Kubernetes cluster in Docker containers of this host, deleted with the run',
  needs: [
    { type: 'tool', name: 'kubectl', package: 'kubernetes-client' },
    { type: 'program', name: 'kind', remedy: 'get it from https://kind.sigs.k8s.io' },
    { type: 'program', name: 'docker', remedy: 'get it from https://docs.docker.com/engine/install' },
  ],
  properties,
  provides: ['kube'],
  provision: async (context, given) => {
    const { run, group, count, ledger } = context
    const cluster = context.cluster ?? clusterNameOf(run, group)
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(cluster)) {
      throw new UserError(
        `${cluster} is no name for a kind cluster: lower-case letters, digits, . and - only`,
      )
    }
    const config = await configOf(given['kind.config'], group, count)
    // One of that name that is there already is not ours to use, still less to delete.
    const present = await runTool(context, ['kind', 'get', 'clusters'])
    if (present.stdout.split('\n').includes(cluster)) {
      throw new UserError(`there is a kind cluster called ${cluster} already`, {
        remedy: `use it with the provisioner existing_kubernetes, or kind delete cluster --name ${cluster}`,
      })
    }
    const directory = await makeClusterDirectory(context)
    const kubeconfig = join(directory, 'kubeconfig')
    const file = join(directory, 'kind.yaml')
    await writeFile(file, config)
    // The effect is undone only while there is a kubeconfig, and it is to be undone when kind breaks off.
    await writeFile(kubeconfig, '', { mode: 0o600 })
    await using stack = new AsyncDisposableStack()
    stack.use(await ledger.record({ type: 'kind-cluster', kubeconfig, cluster }))
    const where = [`--name=${cluster}`, `--kubeconfig=${kubeconfig}`]
    const create = ['kind', 'create', 'cluster', ...where, `--config=${file}`, `--wait=${READY_S}s`]
    await runTool(context, create, { timeoutMs: CREATE_MS })
    for (const image of given['image.load']) {
      await runTool(context, ['kind', 'load', 'docker-image', image, `--name=${cluster}`], {
        timeoutMs: CREATE_MS,
      })
    }
    const provisioned = stack.use(await clusterNodes(context, { kubeconfig, context: `kind-${cluster}` }))
    const owned = stack.move()
    const { nodes, state } = provisioned
    return { nodes, state, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
  resume: (context, state) => resumeClusterNodes(context, state),
})

async function configOf(path: string | undefined, group: string, count: number): Promise<string> {
  if (path === undefined) return clusterConfig(count)
  const text = await readFile(path, 'utf8')
  const nodes = nodesInConfig(text)
  if (nodes === count) return text
  throw new UserError(`${path} describes ${nodes} nodes, and node.count of ${group} is ${count}`)
}
