/** The properties of a component as rows of a table, read from its zod schema. */
import { z } from 'zod'
import { code, markdownTable } from './markdown.ts'

/** The parts of a JSON Schema that say what a value may be. */
interface Schema {
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly default?: unknown
}

/** A table of name, type, default and meaning; `undefined` for a component without properties. */
export function propertiesTable(properties: z.ZodType): string | undefined {
  const schema: Schema = z.toJSONSchema(properties, { io: 'input', unrepresentable: 'any' }) as Schema
  const rows = rowsOf(schema, '')
  return rows.length === 0 ? undefined : markdownTable(['property', 'value', 'default', 'meaning'], rows)
}

/** One row for each key, and below an object one for each of its keys. */
function rowsOf(
  { properties = {}, required = [], anyOf = [], oneOf = [] }: Schema,
  prefix: string,
): string[][] {
  const own = Object.entries(properties).flatMap(([name, schema]) => {
    const fallback = schema.default === undefined ? '' : code(JSON.stringify(schema.default))
    const presence = required.includes(name) ? 'required' : fallback
    const row = [code(prefix + name), typeOf(schema), presence, schema.description ?? '']
    return [row, ...rowsOf(schema.items ?? schema, `${prefix}${name}.`)]
  })
  const members = [...anyOf, ...oneOf].flatMap((member) => rowsOf(member, prefix))
  return [...own, ...members.filter(([name]) => !own.some(([known]) => known === name))]
}

function typeOf(schema: Schema): string {
  if (schema.title !== undefined) return schema.title
  if (schema.const !== undefined) return code(JSON.stringify(schema.const))
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ')
  const members = schema.anyOf ?? schema.oneOf
  if (members !== undefined) return [...new Set(members.map(typeOf))].join(' or ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    return `map of ${typeOf(schema.additionalProperties)}`
  }
  return [schema.type ?? 'anything'].flat().join(' or ')
}
