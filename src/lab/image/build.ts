/** A Debian root file system as an ext4 file, by mmdebstrap(1). */
import type { Need } from '../../plugin/need.ts'
import { aptSettings, aptSources } from './apt-sources.ts'
import { ext4Script } from './ext4.ts'
import { runIsolated } from './isolated.ts'

/** What building an image needs of this host. */
export const imageNeeds: readonly Need[] = [
  { type: 'tool', name: 'mmdebstrap', package: 'mmdebstrap' },
  { type: 'tool', name: 'mke2fs', package: 'e2fsprogs' },
  { type: 'tool', name: 'depmod', package: 'kmod' },
  { type: 'tool', name: 'unshare', package: 'util-linux' },
]

/** What takes room in /usr/share and nobody reads in a guest. */
const EXCLUDED = ['man', 'locale', 'info', 'doc', 'doc-base', 'lintian', 'bash-completion', 'X11/locale']

/** Directories that the guest's agent mounts on. */
const MOUNT_POINTS = ['proc', 'sys', 'dev', 'run', 'tmp', 'mnt', 'lab']

// $2 is the suite, $3 are the sources; options of mmdebstrap follow. What is removed at the end is of this host or of
// this hour. mmdebstrap itself keeps maintainer scripts from starting services.
const SCRIPT = `
out=$1 suite=$2 sources=$3
shift 3
printf '%s' "$sources" | mmdebstrap --mode=root --format=directory "$@" "$suite" "$work/root" - >&2
cd "$work/root"
dpkg-query --admindir=var/lib/dpkg -W -f '\${Package} \${Version}\\n' >"$out/packages"
rm -rf etc/apt/sources.list etc/apt/sources.list.d/* etc/apt/apt.conf.d/99mmdebstrap etc/resolv.conf etc/hostname \\
  var/lib/apt/lists var/cache/apt var/cache/debconf/*-old var/cache/ldconfig dev
mkdir -p var/lib/apt/lists/partial var/cache/apt/archives/partial ${MOUNT_POINTS.join(' ')}
find var/log -type f -delete
: >etc/machine-id
echo 'I: writing the file system' >&2
${ext4Script('.', '$out/root.ext4')}`

/** Fills a directory with `root.ext4` and `packages`, lines of name and version. Rejects with an EnvironmentError. */
export async function buildImage(options: {
  readonly directory: string
  readonly suite: string
  readonly packages: readonly string[]
  readonly signal: AbortSignal
  readonly progress: (sentence: string) => void
}): Promise<void> {
  const { directory, suite, packages, signal, progress } = options
  const sources = await aptSources(suite, signal)
  const settings = ['APT::Install-Recommends "false";', ...(await aptSettings(signal))]
  const flags = [
    '--variant=essential',
    `--include=${packages.join(',')}`,
    ...EXCLUDED.map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    ...settings.map((line) => `--aptopt=${line}`),
  ]
  await runIsolated(SCRIPT, {
    what: `a guest image of ${suite} with ${packages.length} packages`,
    directory,
    args: [suite, sources.map((line) => `${line}\n`).join(''), ...flags],
    signal,
    progress,
  })
}
