/** Applies a manifest while the workload goes on; what it brought is deleted with the run, and what it changed is put back. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'
import { manifestModuleProperties, moduleManifest, operated } from '../../kubernetes/operated.ts'
import { checkWait, untilThere, waitProperties } from '../../kubernetes/wait.ts'

const properties = z.strictObject({ ...manifestModuleProperties, ...waitProperties }).superRefine(checkWait)

export default defineModule({
  id: 'kubernetes_manifest',
  summary:
    'applies a Kubernetes manifest and waits for it; what was not there before is deleted with the run',
  needs: [{ type: 'tool', name: 'kubectl', package: 'kubernetes-client' }],
  properties,
  lifetime: 'run_once',
  run: async (context, given) => {
    const manifest = await moduleManifest(context, given)
    await operated(context, given.manifest, async () => {
      const { names } = await manifest.apply()
      await untilThere(manifest.kube, context, given, names)
      return undefined
    })
  },
})
