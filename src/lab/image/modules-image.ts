/** The modules of a kernel as a disk of its guests: the root image is the same for all kernels. */
import { basename, join, resolve } from 'node:path'
import { cached, contentKey } from '../cache.ts'
import { ext4Script } from './ext4.ts'
import { runIsolated } from './isolated.ts'

/** Raised when the same kernel makes another image. */
const BUILDER = '1'

export interface ModulesImageOptions {
  /** lib/modules/RELEASE of a kernel. */
  readonly directory: string
  /** What tells this build of the kernel from others of the same release: the package's version, a key of the cache. */
  readonly version: string
  readonly signal: AbortSignal
  readonly progress?: (sentence: string) => void
}

// $2 is the directory, $3 the release.
const SCRIPT = `
tree="$work/root"
mkdir -p "$tree/lib/modules"
cp -a "$2" "$tree/lib/modules/$3"
rm -f "$tree/lib/modules/$3/build" "$tree/lib/modules/$3/source"
depmod --basedir "$tree" "$3"
${ext4Script('$tree/lib/modules', '$1/modules.ext4')}`

/**
 * An ext4 file without a journal whose root holds one directory, RELEASE, with modules.dep and all: it belongs at
 * /lib/modules. Made when there is none; rejects with an EnvironmentError that says what the host lacks.
 */
export async function modulesImage(options: ModulesImageOptions): Promise<string> {
  const { version, signal, progress = () => {} } = options
  const directory = resolve(options.directory)
  const release = basename(directory)
  const place = await cached({
    kind: 'modules',
    key: `${release}-${contentKey([BUILDER, release, version])}`,
    signal,
    make: async (making) => {
      progress(`packing the modules of ${release}`)
      const what = `an image of the modules in ${directory}`
      await runIsolated(SCRIPT, { what, directory: making, args: [directory, release], signal, progress })
    },
  })
  return join(place, 'modules.ext4')
}
