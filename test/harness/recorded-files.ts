/** Files of a node that are held in memory: what procfs said elsewhere, or may say. */
import type { FileView } from '../../src/plugin/node.ts'

/** A view of these files by path; directories are those that the paths imply. Change `files` between ticks. */
export function recordedFiles(files: Map<string, string>): FileView {
  const list = (directory: string): string[] => {
    const names = new Set<string>()
    for (const path of files.keys()) {
      if (path.startsWith(`${directory}/`)) names.add(path.slice(directory.length + 1).split('/')[0] ?? '')
    }
    return [...names]
  }
  return {
    text: (path) => files.get(path),
    list,
    link: () => undefined,
    count: (path) => {
      const { length } = list(path)
      return length === 0 ? undefined : length
    },
  }
}
