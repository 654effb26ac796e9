/** Manifests: their text, and the names of the objects in them. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { UserError, messageOf } from '../../base/errors.ts'
import type { Node } from '../../plugin/node.ts'
import { namespace } from './kubectl.ts'

export const manifestProperties = {
  manifest: z
    .string()
    .min(1)
    .describe(
      'file with the objects, such as `<<file:web.yaml>>`, or a directory whose .yaml, .yml and .json files are taken together',
    ),
  template_params: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('values, by name: with them the manifest is a Mustache template'),
  namespace,
}

export interface GivenManifest {
  readonly manifest: string
  readonly template_params?: Readonly<Record<string, unknown>> | undefined
  readonly namespace?: string | undefined
}

/** What it takes to read one. */
export interface ManifestReader {
  render(template: string, values: Readonly<Record<string, unknown>>): string
  environment(node: Node): Readonly<Record<string, string>>
}

/** The text of a manifest, whose path is that of the definition when it is relative; a UserError when there is none. */
export async function readManifest(
  given: GivenManifest,
  reader: ManifestReader,
  node: Node,
): Promise<string> {
  const path = resolve(reader.environment(node)['QUARRY_DEFINITION_DIR'] ?? '', given.manifest)
  const text = await textOf(path).catch((error: unknown) => {
    throw new UserError(`cannot read the manifest ${path}: ${messageOf(error)}`, { cause: error })
  })
  return given.template_params === undefined ? text : reader.render(text, given.template_params)
}

async function textOf(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return readFile(path, 'utf8')
  const names = (await readdir(path)).filter((name) => /\.(ya?ml|json)$/.test(name)).toSorted()
  const texts = await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')))
  return texts.join('\n---\n')
}

/** What it takes to name an object. */
export const identity = z.object({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.object({ name: z.string().min(1), namespace: z.string().exactOptional() }),
})
const list = z.object({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) })

export type ObjectName = z.infer<typeof identity>

/** The objects of a manifest by name, in their order; a UserError when it is not one. */
export function objectsIn(text: string): ObjectName[] {
  // Kubernetes reads YAML 1.1 as far as `yes` and `on` go.
  const documents = parseAllDocuments(text, { version: '1.1', merge: true })
  const parsed = Array.isArray(documents) ? documents : []
  const values = parsed.flatMap((document): unknown[] => {
    const [error] = document.errors
    if (error !== undefined) throw new UserError(`the manifest is not YAML: ${error.message}`)
    const value: unknown = document.toJS({ maxAliasCount: 1000 })
    if (value === null || value === undefined) return []
    const inner = list.safeParse(value)
    return inner.success ? inner.data.items : [value]
  })
  if (values.length === 0) throw new UserError('the manifest has no object in it')
  return values.map((value, index) => {
    const found = identity.safeParse(value)
    if (found.success) return found.data
    const what = found.error.issues.map(({ path }) => path.join('.')).join(', ')
    throw new UserError(`object ${index + 1} of the manifest needs ${what}`)
  })
}

/** A manifest that only names the objects, with nothing of what may be secret in them: it is enough to delete them by. */
export const namesOnly = (objects: readonly ObjectName[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
