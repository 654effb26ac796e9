/** Objects of a manifest, for as long as the node group is configured. */
import { z } from 'zod'
import { defineManager } from '../../../plugin/define.ts'
import { apply, withdraw } from '../../kubernetes/deploy.ts'
import { KUBE, kubeOf } from '../../kubernetes/kubectl.ts'
import { manifestProperties, readManifest } from '../../kubernetes/manifest.ts'
import { givenProvider, providerProperties } from '../../kubernetes/provider.ts'
import { checkWait, untilThere, waitProperties } from '../../kubernetes/wait.ts'

const properties = z
  .strictObject({ ...manifestProperties, ...waitProperties, ...providerProperties })
  .superRefine(checkWait)

export default defineManager({
  id: 'kubernetes_manifest',
  summary:
    'objects of a Kubernetes manifest: applied, waited for, and on the way down deleted, or as they were before',
  needs: [{ type: 'tool', name: 'kubectl', package: 'kubernetes-client' }],
  properties,
  provides: [],
  requires: [KUBE],
  configure: async (context, given) => {
    const kube = kubeOf(context.nodes, context.name)
    const text = await readManifest(given, context, kube.node)
    const { names } = await apply(kube, context, text, given.namespace)
    await untilThere(kube, context, given, names)
    for (const { node, name, info } of givenProvider(given, context.nodes)) context.provide(node, name, info)
  },
  unconfigure: (context, { namespace }) => withdraw(kubeOf(context.nodes, context.name), context, namespace),
})
