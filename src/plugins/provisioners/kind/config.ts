/** Configurations of kind: https://kind.sigs.k8s.io/docs/user/configuration/ */
import { parse } from 'yaml'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'

const config = z.object({ nodes: z.array(z.unknown()).nullish() })

/** One control plane, and workers for the rest, as JSON, which is YAML. */
export function clusterConfig(count: number): string {
  const nodes = Array.from({ length: count }, (_, index) => ({
    role: index === 0 ? 'control-plane' : 'worker',
  }))
  return JSON.stringify({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes })
}

/** How many nodes a configuration describes: kind makes one when it says nothing of them. */
export function nodesInConfig(text: string): number {
  let given: unknown
  try {
    given = parse(text)
  } catch (error) {
    throw new UserError(`the configuration of kind is not YAML: ${String(error)}`)
  }
  const parsed = config.safeParse(given ?? {})
  if (!parsed.success) throw new UserError('the configuration of kind is no map with a list `nodes`')
  return parsed.data.nodes?.length ?? 1
}

/** Short enough to become a host name, and unlike that of any other group of any other run. */
export const clusterNameOf = (run: string, group: string): string =>
  `quarry-${run}-${group}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(-50)
    .replace(/^[.-]+/, '')
