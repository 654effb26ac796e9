/** Building blocks of a JSON Schema. */

export type JsonSchema = { readonly [key: string]: unknown }

/** A definition in `$defs`. */
export const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })

/** A string that is not empty. */
export const text = (description: string): JsonSchema => ({ type: 'string', minLength: 1, description })

/** Any names, each with the same kind of value. */
export const map = (description: string, values: JsonSchema): JsonSchema => ({
  type: 'object',
  description,
  propertyNames: { pattern: '^\\S+$' },
  additionalProperties: values,
})

/** The given keys and no others. */
export function object(
  description: string,
  properties: JsonSchema,
  required: readonly string[] = [],
): JsonSchema {
  const needed = required.length === 0 ? {} : { required }
  return { type: 'object', description, properties, ...needed, additionalProperties: false }
}
