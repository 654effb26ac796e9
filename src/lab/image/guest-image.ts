/** Root file systems of guests: Debian with the tools that collectors need, each built once. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cached, contentKey } from '../cache.ts'
import { hostSuite } from './apt-sources.ts'
import { buildImage, TREE } from './build.ts'
import { BASE_PACKAGES } from './packages.ts'

/** Raised when the same packages make another image. */
const BUILDER = '2'

export interface GuestImageOptions {
  /** Debian packages besides those of every image. */
  readonly packages?: readonly string[]
  /** A suite of Debian such as `bookworm`; that of this host when it is Debian. */
  readonly suite?: string
  readonly signal: AbortSignal
  /** Told what is being done, a sentence at a time; nothing when the image is there. */
  readonly progress?: (sentence: string) => void
}

/** An image; many guests may have it open, read-only, at a time. */
export interface GuestImage {
  /** An ext4 file without a journal. Empty in it: /proc /sys /dev /run /tmp /mnt /lab. */
  readonly path: string
  /** Differs whenever the content may. */
  readonly key: string
  /** All that is installed. */
  readonly packages: readonly { readonly name: string; readonly version: string }[]
}

/**
 * The image of a suite and packages (amd64), built when there is none. No network is needed when there is one: newer
 * packages of Debian come into it when `images` is removed from the cache. Rejects with an EnvironmentError that says
 * what the host lacks.
 */
export async function guestImage(options: GuestImageOptions): Promise<GuestImage> {
  const { signal, progress = () => {} } = options
  const suite = options.suite ?? (await hostSuite())
  const builder = { suite, signal, progress }
  const base = await image(builder, BASE_PACKAGES)
  const present = new Set(base.packages.map(({ name }) => name))
  const more = (options.packages ?? []).filter((name) => !present.has(name))
  return more.length === 0 ? base : await image(builder, more, base)
}

interface Builder {
  readonly suite: string
  readonly signal: AbortSignal
  readonly progress: (sentence: string) => void
}

async function image(
  { suite, signal, progress }: Builder,
  names: readonly string[],
  base?: GuestImage,
): Promise<GuestImage> {
  const packages = [...new Set(names)].toSorted()
  const key = `${suite}-${contentKey([BUILDER, base?.key ?? '', ...packages])}`
  const directory = await cached({
    kind: 'images',
    key,
    signal,
    make: async (place) => {
      progress(
        base === undefined
          ? `building a guest image of ${suite}, which takes a minute or two`
          : `building a guest image of ${suite} with ${packages.join(', ')}`,
      )
      const begin = base === undefined ? {} : { base: join(dirname(base.path), TREE) }
      await buildImage({ directory: place, suite, packages, ...begin, signal, progress })
    },
  })
  const lines = (await readFile(join(directory, 'packages'), 'utf8')).trim().split('\n')
  return {
    path: join(directory, 'root.ext4'),
    key,
    packages: lines.map((line) => {
      const [name = '', version = ''] = line.split(' ')
      return { name, version }
    }),
  }
}
