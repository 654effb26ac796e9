/** A kernel on disk: a directory of the cache that describes itself. */
import { existsSync } from 'node:fs'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { bytesBelow, cacheDirectory } from '../cache.ts'

/** Kind of the cache entries that hold kernels. */
export const KERNELS = 'kernels'

export interface Kernel {
  /** What people call it: `6.1.0-56-cloud-amd64`, or `hrtick-bug` for the description `hrtick-bug.yaml`. */
  readonly name: string
  /** What `uname -r` prints in it. */
  readonly release: string
  /** Path of the bzImage. */
  readonly image: string
  /** Directory that holds `lib/modules/<release>`, with what `modprobe` needs; absent when all is built in. */
  readonly modules?: string
  /** Path of its `.config`. */
  readonly config: string
  /** Path of System.map: addresses of symbols as they are before the kernel moves itself. */
  readonly symbols?: string
  /** Path of the ELF file, as `gdb` and `crash` read it; Debian's kernels come without. */
  readonly vmlinux?: string
  /** Differs whenever the content does. */
  readonly key: string
}

/** A kernel in the cache, and what it cost. */
export interface CachedKernel extends Kernel {
  readonly madeAt: Date
  /** Of all its files, in bytes. */
  readonly bytes: number
}

const described = z.strictObject({ name: z.string(), release: z.string() })

/** What is said of a kernel beside its files. */
export type KernelDescription = z.infer<typeof described>

/** Names of a kernel's files in its directory. */
export const kernelFiles = {
  image: 'vmlinuz',
  config: 'config',
  symbols: 'System.map',
  vmlinux: 'vmlinux',
  description: 'kernel.json',
} as const

/** Writes into a kernel's directory what `readKernel` wants to know. */
export async function describeKernel(directory: string, description: KernelDescription): Promise<void> {
  await writeFile(join(directory, kernelFiles.description), `${JSON.stringify(description)}\n`)
}

/** The kernel in a directory of the cache. Throws when the directory holds none. */
export async function readKernel(directory: string): Promise<Kernel> {
  const text = await readFile(join(directory, kernelFiles.description), 'utf8')
  const { name, release } = described.parse(JSON.parse(text))
  const optional = (key: 'symbols' | 'vmlinux'): { [K in typeof key]?: string } => {
    const path = join(directory, kernelFiles[key])
    return existsSync(path) ? { [key]: path } : {}
  }
  return {
    name,
    release,
    image: join(directory, kernelFiles.image),
    config: join(directory, kernelFiles.config),
    key: basename(directory),
    ...optional('symbols'),
    ...optional('vmlinux'),
    ...(existsSync(join(directory, 'lib/modules', release)) ? { modules: directory } : {}),
  }
}

/** All kernels that are here already, fetched or built, the newest first. */
export async function cachedKernels(): Promise<CachedKernel[]> {
  const parent = join(cacheDirectory(), KERNELS)
  if (!existsSync(parent)) return []
  const kernels: CachedKernel[] = []
  for (const key of await readdir(parent)) {
    const description = join(parent, key, kernelFiles.description)
    // What another process is at has another ending, and goes when it fails.
    if (key.includes('.making-') || !existsSync(description)) continue
    const { mtime } = await stat(description)
    kernels.push({
      ...(await readKernel(join(parent, key))),
      madeAt: mtime,
      bytes: await bytesBelow(join(parent, key)),
    })
  }
  return kernels.toSorted((a, b) => b.madeAt.getTime() - a.madeAt.getTime())
}
