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

/** Metadata key of a property that names something in the definition; the loader reports a name that is not there. */
export const REFERS_TO = 'x-refers-to'
export type Referent = 'node group' | 'node' | 'module' | 'symptom'

/** Marks a schema whose value names such things: one, a list, or several with commas between them. */
export const refersTo = <S extends z.ZodType>(referent: Referent, schema: S): S =>
  schema.meta({ [REFERS_TO]: referent })

/** Name or alias of a node group. */
export const nodeGroup = (fallback: string) => refersTo('node group', z.string().min(1).default(fallback))

const aNode = z.string().regex(/^[^\s:]+(?::\d{1,4})?$/, {
  error: 'is not GROUP or GROUP:ORDINAL, such as server or server:0',
})

/** Some nodes: `server` for all of a group, `server:0` for one of them, or a list of such words. */
export const someNodes = () => refersTo('node', z.union([aNode, z.array(aNode).min(1)]))
