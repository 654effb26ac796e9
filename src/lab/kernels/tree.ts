/**
 * Where kernels of one source and one configuration are built, one after another, so that only what differs is compiled.
 *
 * The source is linked into the tree, file by file. Before a build the files that this build's patches or those of the
 * last one touch are set to what they must hold; those that hold it already keep their time, so that make leaves alone
 * what depends on them. Nothing is ever un-patched, and a tree in which a build was killed is like any other.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runProcess } from '../../base/process.ts'
import { cacheDirectory, MAKING, markUsed } from '../cache.ts'
import { lockFile, tryLock } from '../lock.ts'
import type { KernelOptions } from './options.ts'
import type { KernelSource } from './source.ts'

/** What the tree remembers of itself. */
const OWN = '.quarry'
const TOUCHED = 'touched.json'
const BUILDING = 'building'
const CONFIGURED = 'configured'

export interface BuildTree extends AsyncDisposable {
  readonly directory: string
  /** Whether nothing has been compiled in it yet. */
  readonly isNew: boolean
  /** Makes the files hold this, and all that were touched before what the source has. */
  setFiles(files: ReadonlyMap<string, Buffer | undefined>): Promise<void>
  /** Configures the tree, unless that was done last under the same key. One that was made for it is removed when that fails. */
  configured(key: string, configure: () => Promise<void>): Promise<void>
  /** Runs a build; when it is killed, the next one knows. */
  building<T>(build: () => Promise<T>): Promise<T>
}

/** The tree of a source and a configuration, locked until it is disposed; made when there is none. */
export async function openTree(
  source: KernelSource,
  configKey: string,
  { signal, progress }: KernelOptions,
): Promise<BuildTree> {
  const parent = join(cacheDirectory(), 'kernel-trees')
  await mkdir(parent, { recursive: true })
  const name = `${source.key}_${configKey}`
  const directory = join(parent, name)
  const lock = await lockFile(`${directory}.lock`, signal, (pid) =>
    progress(`waiting for process ${pid}, which builds in the same tree`),
  )
  try {
    const isFresh = !existsSync(directory)
    if (isFresh) await makeTree(source, parent, name, { signal, progress })
    await markUsed(directory)
    await mend(directory)
    return treeAt(source, directory, isFresh, lock)
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

function treeAt(source: KernelSource, directory: string, isFresh: boolean, lock: AsyncDisposable): BuildTree {
  const own = (file: string): string => join(directory, OWN, file)
  return {
    directory,
    isNew: !existsSync(join(directory, 'vmlinux')),
    async setFiles(files) {
      const before = existsSync(own(TOUCHED))
        ? (JSON.parse(await readFile(own(TOUCHED), 'utf8')) as unknown)
        : []
      const names = new Set([...(Array.isArray(before) ? before.map(String) : []), ...files.keys()])
      // All that may be touched is known before any is: being killed in between loses nothing.
      await mkdir(join(directory, OWN), { recursive: true })
      await writeFile(own(TOUCHED), JSON.stringify([...names]))
      for (const name of names) {
        const original = join(source.directory, name)
        const wanted = files.has(name)
          ? files.get(name)
          : existsSync(original)
            ? await readFile(original)
            : undefined
        await setFile(join(directory, name), wanted)
      }
      await writeFile(own(TOUCHED), JSON.stringify([...files.keys()]))
    },
    async configured(key, configure) {
      const before = await readFile(own(CONFIGURED), 'utf8').catch(() => '')
      if (before === key) return
      await rm(own(CONFIGURED), { force: true })
      try {
        await configure()
      } catch (error) {
        if (isFresh) await rm(directory, { recursive: true })
        throw error
      }
      await writeFile(own(CONFIGURED), key)
    },
    async building(build) {
      await mkdir(join(directory, OWN), { recursive: true })
      await writeFile(own(BUILDING), '')
      const result = await build()
      await rm(own(BUILDING))
      return result
    },
    [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
  }
}

/** Never writes into the file that is there: it may be a link into the source. */
async function setFile(path: string, content: Buffer | undefined): Promise<void> {
  if (content === undefined) return rm(path, { force: true })
  if (existsSync(path) && content.equals(await readFile(path))) return
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.quarry`, content)
  await rename(`${path}.quarry`, path)
}

async function makeTree(
  source: KernelSource,
  parent: string,
  name: string,
  { signal, progress }: KernelOptions,
): Promise<void> {
  const directory = join(parent, name)
  const making = `${directory}${MAKING}`
  await rm(making, { recursive: true, force: true })
  progress('making a tree to build in')
  await must(['cp', '-al', source.directory, making], signal)
  // The objects of another configuration are a start: make compiles again what its options change.
  for (const other of await readdir(parent)) {
    if (
      other.includes(MAKING) ||
      !other.startsWith(`${source.key}_`) ||
      !existsSync(join(parent, other, 'vmlinux'))
    )
      continue
    await using lock = await tryLock(join(parent, `${other}.lock`))
    if (lock === undefined || existsSync(join(parent, other, OWN, BUILDING))) continue
    // What has no second name does not come from the source. The format keeps times to the nanosecond, as make does.
    const copy =
      'cd "$1" && find . -links 1 ! -type d -print0 | tar -c --format=posix --null -T - | tar -x -C "$2"'
    // objtool was made by commands with this name in them; made anew, it would have all that it has looked at made anew.
    const rename = 'grep -rlZF --include=".*.cmd" "$1" "$2/tools" | xargs -0r sed -i "s|$1|$3|g"'
    await must(
      ['sh', '-c', `${copy} && { ${rename}; }`, 'sh', join(parent, other), making, directory],
      signal,
    )
    break
  }
  await rename(making, directory)
}

async function must(command: readonly string[], signal: AbortSignal): Promise<void> {
  const result = await runProcess(command, { signal })
  if (!result.ok) throw new Error(`${command.join(' ')}: ${result.stderr.trim()}`)
}

/** Files that were written this long before a build was killed are not trusted, in ms. */
const DOUBT_MS = 5000

/**
 * After a build that was killed some objects may be half written, and newer than what they are made from. Kbuild notes in
 * `.name.cmd` how it made `name`, once it has: what is newer than its note, or was noted in the last seconds, goes.
 */
async function mend(directory: string): Promise<void> {
  if (!existsSync(join(directory, OWN, BUILDING))) return
  const notes: { readonly note: string; readonly target: string; readonly at: number }[] = []
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const target = /^\.(.+)\.cmd$/.exec(entry.name)?.[1]
    if (target === undefined || !entry.isFile()) continue
    const note = join(entry.parentPath, entry.name)
    notes.push({ note, target: join(entry.parentPath, target), at: (await stat(note)).mtimeMs })
  }
  const last = notes.reduce((most, { at }) => Math.max(most, at), 0)
  for (const { note, target, at } of notes) {
    const made = await stat(target).catch(() => undefined)
    if (made === undefined || (made.mtimeMs <= at && at < last - DOUBT_MS)) continue
    await rm(note)
    await rm(target)
  }
}
