/** What kernel modules need of each other, as depmod(8) writes it. */
import { basename } from 'node:path'

export interface ModuleIndex {
  /** Paths of the files that each file needs, by its path. */
  readonly needs: ReadonlyMap<string, readonly string[]>
  /** Names or aliases that have to be there before a module works, by its name, though no symbol of theirs is used. */
  readonly before: ReadonlyMap<string, readonly string[]>
  /** Names of modules that answer to an alias. */
  readonly aliases: ReadonlyMap<string, readonly string[]>
}

/**
 * Lines of modules.dep, modules.softdep and modules.alias, in any order: also all that `depmod --dry-run` prints. Paths
 * are relative to lib/modules/RELEASE.
 */
export function parseModuleIndex(text: string): ModuleIndex {
  const needs = new Map<string, readonly string[]>()
  const before = new Map<string, readonly string[]>()
  const aliases = new Map<string, readonly string[]>()
  for (const line of text.split('\n')) {
    const dependency = /^(\S+\.ko(?:\.\w+)?):(.*)$/.exec(line)
    if (dependency !== null) needs.set(dependency[1] ?? '', words(dependency[2]))
    const soft = /^softdep (\S+) pre: (.*?)(?: post: .*)?$/.exec(line)
    if (soft !== null) append(before, moduleName(soft[1] ?? ''), words(soft[2]))
    const alias = /^alias (\S+) (\S+)$/.exec(line)
    if (alias !== null) append(aliases, alias[1] ?? '', [moduleName(alias[2] ?? '')])
  }
  return { needs, before, aliases }
}

const words = (text = ''): string[] => text.split(' ').filter((word) => word !== '')

function append(map: Map<string, readonly string[]>, key: string, values: readonly string[]): void {
  map.set(key, [...(map.get(key) ?? []), ...values])
}

/** `kernel/fs/ext4/ext4.ko.xz` is `ext4`; hyphens become underscores, as the kernel has it. */
export const moduleName = (path: string): string =>
  basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_')

/** Paths in the order of loading, or the first of the names that the kernel has neither as a file nor built in. */
export function loadOrder(
  names: readonly string[],
  index: ModuleIndex,
  builtin: ReadonlySet<string>,
): string[] | { readonly absent: string } {
  const byName = new Map([...index.needs.keys()].map((path) => [moduleName(path), path]))
  const order = new Set<string>()
  const seen = new Set<string>()
  const add = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    for (const wish of index.before.get(moduleName(path)) ?? []) {
      const answer = answering(wish, index, builtin)
      const file = answer === undefined ? undefined : byName.get(answer)
      if (file !== undefined) add(file)
    }
    for (const need of index.needs.get(path) ?? []) add(need)
    order.add(path)
  }
  for (const name of names.map(moduleName)) {
    const path = byName.get(name)
    if (path !== undefined) add(path)
    else if (!builtin.has(name)) return { absent: name }
  }
  return [...order]
}

/**
 * The module to load for a name or an alias, if any. Of several for one algorithm the generic one is taken: the others
 * refuse to load on processors that lack their instructions.
 */
function answering(wish: string, index: ModuleIndex, builtin: ReadonlySet<string>): string | undefined {
  const name = moduleName(wish).replace(/^crypto_/, '')
  const generic = `${name}_generic`
  if (builtin.has(name) || builtin.has(generic)) return undefined
  const answers = index.aliases.get(wish) ?? [name]
  return answers.includes(generic) ? generic : answers[0]
}
