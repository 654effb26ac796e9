/** What a cluster says of itself, and the logs of containers, before the services are stopped. */
import { dirname, join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { TargetError, messageOf } from '../../../base/errors.ts'
import { defineManager } from '../../../plugin/define.ts'
import { saveLogs } from '../../kubernetes/container-logs.ts'
import { KUBE, ask, kubectlCommand, kubeOf, namespace } from '../../kubernetes/kubectl.ts'

export default defineManager({
  id: 'kubernetes_logs',
  summary: 'state of a Kubernetes cluster and logs of its containers, among the artifacts',
  needs: [{ type: 'tool', name: 'kubectl', package: 'kubernetes-client' }],
  properties: z.strictObject({
    container_logs_namespace: namespace.describe(
      'namespace whose container logs are saved one by one, in full; only the dump of the cluster when left out',
    ),
    ignore_failures: z.boolean().default(false).describe('whether logs that cannot be had are only logged'),
    capture_previous_container_logs: z
      .boolean()
      .default(false)
      .describe('whether logs of the time before a container was started again are saved too'),
  }),
  provides: [],
  requires: [KUBE],
  prepareArtifacts: async (context, given) => {
    const kube = kubeOf(context.nodes, context.name)
    const directory = join(dirname(context.artifacts(kube.node)), 'k8s_logs')
    await mkdir(directory, { recursive: true })
    const failures: string[] = []
    const failed = (error: unknown): void => {
      throwIfAborted(context.signal)
      failures.push(messageOf(error))
    }
    // The last thousand lines of each container are in it, and what Kubernetes knows of every pod, service and event.
    const dump = ['cluster-info', 'dump', '--all-namespaces', `--output-directory=${directory}`]
    await ask(kube, context, kubectlCommand(undefined, dump)).catch(failed)
    const { container_logs_namespace: from, capture_previous_container_logs: previous } = given
    if (from !== undefined) {
      const wish = { namespace: from, previous, directory }
      await saveLogs(kube, context, wish).then((some) => failures.push(...some), failed)
    }
    for (const failure of failures) context.log(failure)
    if (failures.length > 0 && !given.ignore_failures) throw new TargetError(failures.join('\n'))
  },
})
