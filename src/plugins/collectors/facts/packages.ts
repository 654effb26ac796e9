/** Versions of the packages that matter: kernel, C library, and those that the targets' programs come from. */
import { dumpOf } from '../../../plugin/file-dump.ts'
import type { Node } from '../../../plugin/node.ts'

const FORMAT = '${db:Status-Abbrev}\t${Package}\t${Version}\n'

/** `@package/<name>` with the version, for each that is installed; nothing where there is no dpkg. */
export async function dumpPackages(
  node: Node,
  pids: readonly number[],
  signal: AbortSignal,
): Promise<string> {
  const programs = pids.flatMap((pid) => {
    const path = node.files.link(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '')
    // A package may know a program by its place before /bin became /usr/bin.
    return path === undefined ? [] : [path, path.replace(/^\/usr\//, '/')]
  })
  const owners: string[] = []
  if (programs.length > 0) {
    const { stdout } = await node.run(['dpkg-query', '--search', ...new Set(programs)], { signal })
    for (const line of stdout.split('\n')) {
      const [, names] = /^([a-z0-9][^/]*): \//.exec(line) ?? []
      owners.push(...(names?.split(', ') ?? []))
    }
  }
  const patterns = ['linux-image-*', 'libc6', 'libc6:*', 'musl', ...owners]
  const { stdout } = await node.run(['dpkg-query', '--show', `--showformat=${FORMAT}`, ...patterns], {
    signal,
  })
  const versions = new Map<string, string>()
  for (const line of stdout.split('\n')) {
    const [, name, version] = /^.i.?\t([^\t]+)\t([^\t]+)$/.exec(line) ?? []
    if (name !== undefined && version !== undefined) versions.set(name, version)
  }
  return [...versions].map(([name, version]) => dumpOf(`@package/${name}`, version)).join('')
}
