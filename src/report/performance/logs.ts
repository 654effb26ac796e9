/** Which histogram logs there are below a directory. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UserError } from '../../base/errors.ts'

const LOG = /^(?!.*\.union\.hdr)(.+)\.(?:hdr|hgrm)(?:\.gz|\.zst)?$/

/**
 * Paths of logs by their name without endings: logs of one name, of several nodes, belong together. Symbolic links are
 * not followed: whoever made the files may be hostile. Throws a UserError where a log is there packed and unpacked.
 */
export async function findLogs(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const logs = paths.filter((path) => LOG.test(basename(path))).toSorted()
  const twice = logs.find((path) => logs.includes(`${path}.gz`) || logs.includes(`${path}.zst`))
  if (twice !== undefined) {
    throw new UserError(`${twice} is there packed and unpacked`, {
      remedy: 'remove one of the two: every operation in them would count twice',
    })
  }
  return Map.groupBy(logs, (path) => LOG.exec(basename(path))?.[1] ?? '')
}
