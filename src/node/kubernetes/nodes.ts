/** The nodes of a Kubernetes cluster, as `kubectl get nodes --output=json` tells of them. */
import { z } from 'zod'

const answer = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z
        .object({
          addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
          conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
        })
        .prefault({}),
    }),
  ),
})

export interface ClusterNode {
  readonly name: string
  /** Its InternalIP; its name when it tells none. */
  readonly address: string
  readonly externalAddress?: string
  readonly ready: boolean
}

/** By name, those that are ready first. Throws when the text is not such an answer. */
export function parseNodes(text: string): ClusterNode[] {
  const nodes = answer.parse(JSON.parse(text)).items.map(({ metadata: { name }, status }): ClusterNode => {
    const of = (type: string): string | undefined =>
      status.addresses.find((one) => one.type === type)?.address
    const external = of('ExternalIP')
    return {
      name,
      address: of('InternalIP') ?? name,
      ...(external === undefined ? {} : { externalAddress: external }),
      ready: status.conditions.some((one) => one.type === 'Ready' && one.status === 'True'),
    }
  })
  return nodes.toSorted((a, b) => Number(b.ready) - Number(a.ready) || a.name.localeCompare(b.name))
}
