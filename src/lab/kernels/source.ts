/** Source of kernels as Debian packages it: downloaded and unpacked once, and never changed. */
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError, UserError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { runProcess } from '../../base/process.ts'
import { cacheDirectory, cached } from '../cache.ts'
import { packagesNamed, packagesOf, unpackPackage } from './apt.ts'
import type { KernelOptions } from './options.ts'

const SOURCES = 'kernel-sources'

export interface KernelSource {
  /** Where its Makefile is. */
  readonly directory: string
  /** Package and version, such as `linux-source-6.1_6.1.192-2`. */
  readonly key: string
}

/**
 * The source in the cache, downloaded when there is none. One that is there is used, whatever newer one apt offers: a
 * kernel is made anew when its description changes, and not because a package list did. Throws a UserError for a
 * package that does not exist.
 */
export async function kernelSource(name: string, options: KernelOptions): Promise<KernelSource> {
  return (await sourceHere(name)) ?? fetchSource(name, options)
}

/** The newest source that apt offers. */
export async function fetchSource(name: string, { signal, progress }: KernelOptions): Promise<KernelSource> {
  const [offered] = await packagesOf([name], signal)
  if (offered === undefined) {
    const all = await packagesNamed('^linux-source-[0-9]', signal)
    const guess = nearest(name, all) ?? all[0]
    throw new UserError(`apt offers no package ${name}`, {
      code: 'QUARRY_NO_KERNEL',
      remedy: guess === undefined ? 'apt-get update' : `use ${guess}; there are ${all.join(', ')}`,
    })
  }
  const key = `${name}_${offered.version.replaceAll(/[^\w.+~-]/g, '_')}`
  const directory = await cached({
    kind: SOURCES,
    key,
    signal,
    make: async (place) => {
      progress(`fetching ${name} ${offered.version}, ${Math.round(offered.bytes / 1e6)} MB`)
      await unpackPackage(offered, place, signal)
      const archive = join(place, 'usr/src', `${name}.tar.xz`)
      if (!existsSync(archive)) throw new EnvironmentError(`the package ${name} holds no ${archive}`)
      progress(`unpacking ${name}`)
      // Compilers ask whether a file is newer than another one: all of it is as old as Debian made it.
      const tar = ['tar', '-xf', archive, '-C', place, '--no-same-owner']
      const result = await runProcess(tar, { signal })
      if (!result.ok) {
        const remedy =
          result.exitCode === 127 ? 'apt-get install -y tar xz-utils' : 'apt-get install -y xz-utils'
        throw new EnvironmentError(`${tar.join(' ')}: ${result.stderr.trim()}`, { remedy })
      }
      await rm(join(place, 'usr'), { recursive: true })
    },
  })
  return { directory: join(directory, name), key }
}

async function sourceHere(name: string): Promise<KernelSource | undefined> {
  const parent = join(cacheDirectory(), SOURCES)
  if (!existsSync(parent)) return undefined
  const keys = (await readdir(parent)).filter(
    (key) =>
      key.startsWith(`${name}_`) &&
      existsSync(join(parent, key, name, 'Makefile')) &&
      !key.includes('.making-'),
  )
  const key = keys.toSorted(new Intl.Collator('en', { numeric: true }).compare).at(-1)
  return key === undefined ? undefined : { directory: join(parent, key, name), key }
}
