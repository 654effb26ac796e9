/** The files that a definition brings with it: `local_files` of the ensemble, or, as in old definitions, of one group. */
import { z } from 'zod'
import type { FileSpec } from '../model/file-spec.ts'
import { fileSpecs } from '../plugin/file-spec.ts'
import type { LoadContext } from './context.ts'
import { parseProperties } from './properties.ts'
import type { Entry, MapTree, Tree } from './tree.ts'

export const LOCAL_FILES = 'local_files'
const schema = z.strictObject({ [LOCAL_FILES]: fileSpecs })

export function readLocalFiles({ report }: LoadContext, ensemble: Tree | undefined): readonly FileSpec[] {
  const [first, ...others] = entriesIn(ensemble)
  for (const { keyAt } of others) {
    const hint = 'put all files under the `local_files` of the ensemble'
    report(keyAt, 'a definition has one list `local_files`, and this is another one', hint)
  }
  if (first === undefined) return []
  const { start, end } = first.value
  const tree: MapTree = { type: 'map', entries: new Map([[LOCAL_FILES, first]]), start, end }
  const parsed = parseProperties(report, schema, tree, 'the ensemble', first.keyAt)
  return parsed === undefined ? [] : (parsed.value as z.infer<typeof schema>)[LOCAL_FILES]
}

/** That of the ensemble first, then those of its groups. */
function entriesIn(ensemble: Tree | undefined): Entry[] {
  if (ensemble?.type !== 'map') return []
  const groups = [...ensemble.entries.values()].flatMap(({ value }) =>
    value.type === 'list' ? value.items : [value],
  )
  return [ensemble, ...groups].flatMap((tree) =>
    tree.type === 'map' ? (tree.entries.get(LOCAL_FILES) ?? []) : [],
  )
}
