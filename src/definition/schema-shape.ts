/** Looks into a zod schema: which keys an object has, what its properties are. */
import { z } from 'zod'

/** Without the wrappers that defaults, optionals and transforms put around a schema. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema
  for (;;) {
    const { def } = inner._zod
    if ('innerType' in def && isSchema(def.innerType)) inner = def.innerType
    else if (def.type === 'pipe' && 'in' in def && isSchema(def.in)) inner = def.in
    else return inner
  }
}

const isSchema = (value: unknown): value is z.core.$ZodType =>
  typeof value === 'object' && value !== null && '_zod' in value

/** Properties of an object schema, in its order; none when it is not one. */
export function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> {
  const { def } = unwrap(schema)._zod
  return def.type === 'object' && 'shape' in def ? (def.shape as Record<string, z.core.$ZodType>) : {}
}

/** Keys that an object at the given path of the schema may have; in a union, those of all its members. */
export function keysOf(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrap(schema)
  const { def } = inner._zod
  if (def.type === 'union' && 'options' in def) {
    return [...new Set((def.options as z.core.$ZodType[]).flatMap((option) => keysOf(option, path)))]
  }
  const [step, ...rest] = path
  if (step === undefined) return Object.keys(shapeOf(inner))
  if (def.type === 'array' && 'element' in def && isSchema(def.element)) return keysOf(def.element, rest)
  if (def.type === 'record' && 'valueType' in def && isSchema(def.valueType)) {
    return keysOf(def.valueType, rest)
  }
  const next = shapeOf(inner)[String(step)]
  return next === undefined ? [] : keysOf(next, rest)
}

/** What the schema's author says about the property at a path. */
export function descriptionAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string | undefined {
  const [step, ...rest] = path
  if (step === undefined) return undefined
  const next = shapeOf(schema)[String(step)]
  if (next === undefined) return undefined
  return rest.length > 0 ? descriptionAt(next, rest) : metaOf(next, 'description')
}

/** A text of the metadata of a schema or of what it wraps. */
export function metaOf(schema: z.core.$ZodType, key: string): string | undefined {
  for (let inner: z.core.$ZodType | undefined = schema; inner !== undefined;) {
    const value = z.globalRegistry.get(inner)?.[key]
    if (typeof value === 'string') return value
    const { def }: { def: z.core.$ZodTypeDef } = inner._zod
    inner = 'innerType' in def && isSchema(def.innerType) ? def.innerType : undefined
  }
  return undefined
}

/** The text that a property has when it is left out, if it has one. */
export function defaultOf(schema: z.core.$ZodType): string | undefined {
  const { def } = schema._zod
  if ('defaultValue' in def) return typeof def.defaultValue === 'string' ? def.defaultValue : undefined
  return 'innerType' in def && isSchema(def.innerType) ? defaultOf(def.innerType) : undefined
}
