/** What Fallout's scripts find in their environment, under the names that they know. */
import { join } from 'node:path'
import type { Node } from '../plugin/node.ts'
import type { NodeGroup } from './node-group.ts'

/**
 * Directories and the run by Fallout's names, and what every provider of every node says, as
 * `FALLOUT_<GROUP>_NODE<i>_<PROVIDER>_<KEY>`; the address of each node also as `QUARRY_<GROUP>_NODE<i>_ADDRESS`.
 */
export function falloutEnvironment(
  run: string,
  definition: string,
  node: Node,
  groups: readonly NodeGroup[],
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {
    FALLOUT_ARTIFACT_DIR: node.artifacts,
    FALLOUT_SCRATCH_DIR: node.scratch,
    FALLOUT_LIBRARY_DIR: join(node.scratch, 'library'),
    FALLOUT_SYSTEM_TESTRUN_ID: run,
    FALLOUT_SYSTEM_TEST_NAME: definition,
  }
  for (const group of groups) {
    for (const name of [group.spec.name, ...group.spec.aliases]) {
      for (const { ordinal, address } of group.nodes) {
        const prefix = `${variable(name)}_NODE${ordinal}`
        environment[`QUARRY_${prefix}_ADDRESS`] = address
        for (const [provider, info] of Object.entries(group.providers(ordinal))) {
          for (const [key, value] of Object.entries(info)) {
            environment[`FALLOUT_${prefix}_${variable(provider)}_${variable(key)}`] = value
          }
        }
      }
    }
  }
  return environment
}

const variable = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
