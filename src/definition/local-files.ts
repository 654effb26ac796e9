/** The files that a definition brings with it: `local_files` of the ensemble, or, as in old definitions, of one group. */
import { z } from 'zod'
import type { Definition } from '../model/definition.ts'
import { fileSpecs } from '../plugin/file-spec.ts'
import type { LoadContext } from './context.ts'
import { parseProperties } from './properties.ts'
import type { Entry, MapTree, Tree } from './tree.ts'

export const LOCAL_FILES = 'local_files'
const schema = z.strictObject({ [LOCAL_FILES]: fileSpecs })

/** The files, and the name of the group that has the list, where it is one. */
export function readLocalFiles(
  { report }: LoadContext,
  ensemble: Tree | undefined,
): Pick<Definition, 'localFiles' | 'localFilesGroup'> {
  const [first, ...others] = entriesIn(ensemble)
  for (const {
    entry: { keyAt },
  } of others) {
    const hint = 'put all files under the `local_files` of the ensemble'
    report(keyAt, 'a definition has one list `local_files`, and this is another one', hint)
  }
  if (first === undefined) return { localFiles: [] }
  const { entry, group } = first
  const { start, end } = entry.value
  const tree: MapTree = { type: 'map', entries: new Map([[LOCAL_FILES, entry]]), start, end }
  const parsed = parseProperties(report, schema, tree, 'the ensemble', entry.keyAt)
  const localFiles = parsed === undefined ? [] : (parsed.value as z.infer<typeof schema>)[LOCAL_FILES]
  return { localFiles, ...(group === undefined ? {} : { localFilesGroup: group }) }
}

/** That of the ensemble first, then those of its groups. */
function entriesIn(ensemble: Tree | undefined): { readonly entry: Entry; readonly group?: string }[] {
  if (ensemble?.type !== 'map') return []
  const groups = [...ensemble.entries].flatMap(([role, { value }]) =>
    (value.type === 'list' ? value.items : [value]).map((tree) => ({ tree, role })),
  )
  return [{ tree: ensemble, role: undefined }, ...groups].flatMap(({ tree, role }) => {
    const entry = tree.type === 'map' ? tree.entries.get(LOCAL_FILES) : undefined
    if (tree.type !== 'map' || entry === undefined) return []
    const name = tree.entries.get('name')?.value
    return role === undefined ? [{ entry }] : [{ entry, group: name?.type === 'scalar' ? name.text : role }]
  })
}
