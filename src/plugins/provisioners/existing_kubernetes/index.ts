/** A Kubernetes cluster that is there already: nothing of it is provisioned, and nothing destroyed. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import {
  clusterNodes,
  makeClusterDirectory,
  resumeClusterNodes,
  runTool,
  type ClusterAccess,
} from '../../../node/kubernetes/cluster.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import type { ProvisionContext } from '../../../plugin/provisioner.ts'
import { inClusterConfig, SERVICE_ACCOUNT } from './in-cluster.ts'

const properties = z.strictObject({
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe(
      'file with the way to the cluster, such as `<<file:kubeconfig>>`; when left out that of the environment, or of the pod that Quarry runs in',
    ),
  context: z.string().min(1).optional().describe('context of the kubeconfig; its current one when left out'),
})

const UNSEEN =
  'it is a machine of a Kubernetes cluster: commands run on the controller with its kubeconfig, not on the machine'

export default defineProvisioner({
  id: 'existing_kubernetes',
  summary: 'an existing Kubernetes cluster; commands of its nodes run here, with its kubeconfig',
  needs: [{ type: 'tool', name: 'kubectl', package: 'kubernetes-client' }],
  properties,
  provides: ['kube'],
  provision: async (context, given) => {
    const directory = await makeClusterDirectory(context)
    return clusterNodes(context, await accessTo(context, directory, given))
  },
  resume: (context, state) => resumeClusterNodes(context, state, UNSEEN),
})

/** Makes a kubeconfig that holds the one context and all that it refers to: what others do to theirs is nothing to us. */
async function accessTo(
  context: ProvisionContext,
  directory: string,
  { kubeconfig: from, context: wanted }: z.infer<typeof properties>,
): Promise<ClusterAccess> {
  const kubeconfig = join(directory, 'kubeconfig')
  if (from !== undefined && !existsSync(from)) {
    throw new EnvironmentError(`the kubeconfig ${from} does not exist`, { code: 'QUARRY_KUBERNETES' })
  }
  const source = from === undefined ? {} : { kubeconfig: from }
  const view = ['kubectl', 'config', 'view', '--raw', '--minify', '--flatten', '--output=json']
  const chosen = wanted === undefined ? [] : [`--context=${wanted}`]
  const inPod = from === undefined && wanted === undefined && existsSync(SERVICE_ACCOUNT)
  const text = await runTool(context, [...view, ...chosen], source).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      if (inPod) return JSON.stringify(inClusterConfig(process.env))
      throw error
    },
  )
  await writeFile(kubeconfig, text, { mode: 0o600 })
  const name = await runTool(context, ['kubectl', 'config', 'current-context'], { kubeconfig })
  return { kubeconfig, context: name.stdout.trim(), unseen: UNSEEN }
}
