/** What kubectl tells of objects, as JSON; only what is looked at is required to be there. */
import { z } from 'zod'

const status = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.int().default(0),
  state: z.record(z.string(), z.unknown()).default({}),
})
const container = z.object({ name: z.string(), image: z.string().default('') })
const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z
        .object({
          initContainers: z.array(container).default([]),
          containers: z.array(container).default([]),
        })
        .prefault({}),
      status: z
        .object({
          initContainerStatuses: z.array(status).default([]),
          containerStatuses: z.array(status).default([]),
        })
        .prefault({}),
    }),
  ),
})

export interface Container {
  readonly name: string
  readonly image: string
  readonly ready: boolean
  /** How often it was started again: then there is a log of the time before. */
  readonly restarts: number
  /** It runs or ran: there is a log. */
  readonly hasRun: boolean
}

export interface Pod {
  readonly name: string
  /** Those that run before the others first. */
  readonly containers: readonly Container[]
}

/** Pods of `kubectl get pods --output=json`. Throws when the text is not such an answer. */
export function parsePods(text: string): Pod[] {
  return pods.parse(JSON.parse(text)).items.map(({ metadata, spec, status: now }) => {
    const statuses = [...now.initContainerStatuses, ...now.containerStatuses]
    const containers = [...spec.initContainers, ...spec.containers].map(({ name, image }): Container => {
      const own = statuses.find((one) => one.name === name)
      return {
        name,
        image,
        ready: own?.ready ?? false,
        restarts: own?.restartCount ?? 0,
        hasRun:
          own !== undefined && ('running' in own.state || 'terminated' in own.state || own.restartCount > 0),
      }
    })
    return { name: metadata.name, containers }
  })
}

const job = z.object({
  status: z
    .object({
      active: z.int().default(0),
      succeeded: z.int().default(0),
      failed: z.int().default(0),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().default(''),
            message: z.string().default(''),
          }),
        )
        .default([]),
    })
    .prefault({}),
})

export type JobState =
  | { readonly type: 'active' }
  | { readonly type: 'complete' }
  /** `why` is the reason that Kubernetes gives, with its message. */
  | { readonly type: 'failed'; readonly why: string }

/** A job of `kubectl get job NAME --output=json`: its conditions say whether it has ended, its counts do not. */
export function parseJob(text: string): JobState {
  const { conditions } = job.parse(JSON.parse(text)).status
  const holds = (type: string) => conditions.find((one) => one.type === type && one.status === 'True')
  if (holds('Complete') !== undefined) return { type: 'complete' }
  const failed = holds('Failed')
  if (failed === undefined) return { type: 'active' }
  return { type: 'failed', why: [failed.reason, failed.message].filter((word) => word !== '').join(': ') }
}

/** Images that objects name anywhere, such as in the template of a Deployment, from `kubectl get --output=json`. */
export function imagesIn(text: string): string[] {
  const found = new Set<string>()
  const visit = (value: unknown, key: string): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, key)
    else if (typeof value === 'object' && value !== null) {
      const image: unknown = 'image' in value ? value.image : undefined
      if (/^(initC|c)ontainers$/.test(key) && typeof image === 'string') found.add(image)
      for (const [inner, item] of Object.entries(value)) visit(item, inner)
    }
  }
  visit(JSON.parse(text), '')
  return [...found]
}
