/** Properties that many components have. */
import { z } from 'zod'
import { parseDuration } from '../base/duration.ts'

/** A duration as people write it (`500ms`, `2m`); milliseconds inside the program. */
export const duration = z
  .union([z.string(), z.literal(0)])
  .transform((text, context) => {
    const milliseconds = parseDuration(String(text))
    if (milliseconds !== undefined) return milliseconds
    context.addIssue({
      code: 'custom',
      message: `not a duration: ${String(text).slice(0, 40)}; such as 500ms, 30s, 2m, 4h`,
    })
    return z.NEVER
  })
  .meta({ title: 'duration' })

/** Metadata key that makes the loader check that a property names a node group. */
export const NODE_GROUP = 'x-node-group'

/** Name or alias of a node group; the loader reports an unknown one. */
export const nodeGroup = (fallback: string) =>
  z
    .string()
    .min(1)
    .default(fallback)
    .meta({ [NODE_GROUP]: 'name' })
