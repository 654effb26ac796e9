/** Applies a manifest while the workload goes on; what it brought is deleted with the run. */
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { TargetError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import { nodeGroup } from '../../../plugin/properties.ts'
import { apply } from '../../kubernetes/deploy.ts'
import { kubeOf } from '../../kubernetes/kubectl.ts'
import { manifestProperties, readManifest } from '../../kubernetes/manifest.ts'
import { checkWait, untilThere, waitProperties } from '../../kubernetes/wait.ts'

const properties = z
  .strictObject({
    ...manifestProperties,
    ...waitProperties,
    target_group: nodeGroup('server').describe('node group that is the cluster'),
  })
  .superRefine(checkWait)

export default defineModule({
  id: 'kubernetes_manifest',
  summary: 'applies a Kubernetes manifest and waits for it; its objects are deleted with the run',
  needs: [{ type: 'tool', name: 'kubectl', package: 'kubernetes-client' }],
  properties,
  lifetime: 'run_once',
  run: async (context, given) => {
    const { target_group: group, namespace } = given
    const kube = kubeOf(context.group(group), group)
    const text = await readManifest(given, context, kube.node)
    context.operation('invoke', given.manifest)
    try {
      const { names } = await apply(kube, context, text, namespace)
      await untilThere(kube, context, given, names)
      context.operation('ok')
    } catch (error) {
      throwIfAborted(context.signal)
      if (!(error instanceof TargetError)) throw error
      context.operation('fail', error.message)
    }
  },
})
