/** Files of a node group, by the paths and names that a definition knows them by. */
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { GroupArtifacts } from '../../plugin/artifact-checker.ts'

export interface ArtifactFile {
  readonly path: string
  /** Below the group's directory: `0/system.log`. */
  readonly name: string
}

/** All plain files of a group, in the order of their names. Links are left out: a system under test may have made them. */
export async function filesOf({ directory }: GroupArtifacts): Promise<ArtifactFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => ({ path, name: relative(directory, path) }))
}

/** The name in Quarry and, for definitions of Fallout, its name there: `node0/system.log`. */
export const namesOf = ({ name }: ArtifactFile): readonly string[] => [name, `node${name}`]
