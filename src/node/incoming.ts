/**
 * Files that come from another machine, which may be an enemy's: unpacked in an empty directory of their own, freed of
 * what is no file, no directory and no link within, and only then moved to where they belong.
 *
 * tar takes no name to be absolute or to hold `..`, and makes links that lead out only after everything else; in an empty
 * directory there is no other link that a name could go through.
 */
import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readlink, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'

export interface Incoming extends AsyncDisposable {
  /** Empty, on the file system of the target. */
  readonly directory: string
  /** Moves what has come, and gives the names of what was left out. */
  accept(): Promise<string[]>
}

/** A place to unpack what is to come into a directory; disposing removes what was not accepted. */
export async function incoming(target: string): Promise<Incoming> {
  await mkdir(target, { recursive: true })
  const directory = join(target, `.incoming-${randomBytes(6).toString('hex')}`)
  await mkdir(directory, { mode: 0o700 })
  return {
    directory,
    accept: async () => {
      const refused: string[] = []
      await clean(directory, directory, refused)
      await merge(directory, target)
      return refused
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

async function clean(root: string, directory: string, refused: string[]): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    const stat = await lstat(path)
    if (stat.isDirectory()) {
      // The owner must be able to look inside, and to remove it one day.
      await chmod(path, (stat.mode & 0o777) | 0o700)
      await clean(root, path, refused)
    } else if (stat.isFile()) {
      if ((stat.mode & 0o7000) !== 0) await chmod(path, stat.mode & 0o777)
    } else if (!stat.isSymbolicLink() || !(await leadsInside(root, path))) {
      refused.push(relative(root, path))
      await rm(path)
    }
  }
}

/** By its words alone, each of which may itself be a link that was looked at: `..` is the only way out. */
async function leadsInside(root: string, path: string): Promise<boolean> {
  const target = await readlink(path)
  if (target.startsWith('/')) return false
  const aim = resolve(dirname(path), target)
  if (aim !== root && !aim.startsWith(`${root}/`)) return false
  // Behind a link to a directory, `..` is another directory than the words say.
  return !/(?:^|\/)[^./][^/]*\/(?:.*\/)?\.\.(?:\/|$)/.test(target)
}

/** Directories are joined; anything else takes the place of what was there, and never goes through a link. */
async function merge(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const source = join(from, name)
    const target = join(to, name)
    const [there, coming] = await Promise.all([lstat(target).catch(() => undefined), lstat(source)])
    if (there?.isDirectory() === true && coming.isDirectory()) {
      await merge(source, target)
      continue
    }
    if (there !== undefined && (there.isDirectory() || coming.isDirectory())) {
      await rm(target, { recursive: true, force: true })
    }
    await rename(source, target)
  }
}
