/** What modules that work on a cluster have in common. */
import { throwIfAborted } from '../../base/abort.ts'
import { TargetError } from '../../base/errors.ts'
import type { ModuleContext } from '../../plugin/module.ts'
import { nodeGroup } from '../../plugin/properties.ts'
import { apply, type Deployed } from './deploy.ts'
import { kubeOf, type Kube } from './kubectl.ts'
import { manifestProperties, readManifest, type GivenManifest, type ObjectName } from './manifest.ts'

export const clusterGroup = nodeGroup('server').describe('node group that is the cluster')

/** Properties of a module that applies a manifest. */
export const manifestModuleProperties = { ...manifestProperties, target_group: clusterGroup }

interface Given extends GivenManifest {
  readonly target_group: string
}

/** One operation: what `act` has to say against it makes it a failed one, and so does a TargetError. */
export async function operated(
  context: ModuleContext,
  value: unknown,
  act: () => Promise<string | undefined>,
): Promise<void> {
  context.operation('invoke', value)
  try {
    const why = await act()
    if (why === undefined) context.operation('ok')
    else context.operation('fail', why)
  } catch (error) {
    throwIfAborted(context.signal)
    if (!(error instanceof TargetError)) throw error
    context.operation('fail', error.message)
  }
}

/** A manifest of a module, read and ready to be applied to its cluster. */
export interface ModuleManifest {
  readonly kube: Kube
  readonly text: string
  /** As `apply` has it. */
  apply(refuse?: (present: readonly ObjectName[]) => void): Promise<Deployed>
}

/** Reads it; throws a UserError when there is none, or no cluster. */
export async function moduleManifest(context: ModuleContext, given: Given): Promise<ModuleManifest> {
  const { target_group: group, namespace } = given
  const kube = kubeOf(context.group(group), group)
  const text = await readManifest(given, context, kube.node)
  return { kube, text, apply: (refuse) => apply(kube, context, text, namespace, refuse) }
}
