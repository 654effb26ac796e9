/** Keeping files of a node. */
import type { Node } from '../../../plugin/node.ts'

/** Copies what matches into the artifacts, with its path below the scratch directory; what does not match is left out. */
export async function collectFiles(
  node: Node,
  patterns: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (patterns.length === 0) return
  // The patterns are words of the shell, the names that they match are not.
  const copy = `
    shopt -s globstar nullglob dotglob
    to=$1; shift
    for pattern; do
      IFS=; for file in $pattern; do
        case $file in /*) kept=\${file#/};; *) kept=$file;; esac
        case /$kept/ in */../*) continue;; esac
        mkdir -p "$to/$(dirname "$kept")" && cp -a -- "$file" "$to/$kept"
      done
    done`
  await node.run(['bash', '-c', copy, 'bash', node.artifacts, ...patterns], { cwd: node.scratch, signal })
}
