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
  { type: 'tool', name: 'zstd', package: 'zstd' },
]

/** What takes room in /usr/share and nobody reads in a guest. */
const UNREAD = ['man', 'locale', 'info', 'doc', 'doc-base', 'lintian', 'bash-completion', 'X11/locale']

// A hook, because with --dpkgopt each package would also be unpacked through a filter in Python, which takes longer than
// all the rest. For the same reason the first files of the essential packages are there, and are removed at the end.
const FORBID_UNREAD = `mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && printf 'path-exclude=/usr/share/%s/*\\n' ${UNREAD.join(' ')} \
>"$1/etc/dpkg/dpkg.cfg.d/unread"`

/** Of what mmdebstrap tells, what takes its time. */
const STEPS = /^(?:running apt-get|downloading|extracting|installing|writing)/

/** The archive of a base image's tree, which others begin with. */
export const TREE = 'root.tar.zst'

/** Directories that the guest's agent mounts on. */
const MOUNT_POINTS = ['proc', 'sys', 'dev', 'run', 'tmp', 'mnt', 'lab']

// $2 is the suite, $3 are the sources, $4 is an archive of a tree to begin with or empty; options of mmdebstrap follow.
// What is removed is of this host or of this hour. mmdebstrap keeps maintainer scripts from starting services.
const SCRIPT = `
out=$1 suite=$2 sources=$3 base=$4
shift 4
tree="$work/root"
tarred() { tar --directory "$tree" --numeric-owner --xattrs --xattrs-include='*' --use-compress-program "$@"; }
if [ -n "$base" ]; then
  mkdir "$tree"
  tarred 'zstd -d' -xf "$base"
  rmdir "$tree/dev"
fi
printf '%s' "$sources" | mmdebstrap --mode=root --format=directory "$@" "$suite" "$tree" - >&2
cd "$tree"
dpkg-query --admindir=var/lib/dpkg -W -f '\${Package} \${Version}\\n' >"$out/packages"
rm -rf etc/apt/sources.list etc/apt/sources.list.d/* etc/apt/apt.conf.d/99mmdebstrap etc/resolv.conf etc/hostname \\
  var/lib/apt/lists var/cache/apt var/cache/debconf/*-old var/cache/ldconfig dev
mkdir -p var/lib/apt/lists/partial var/cache/apt/archives/partial ${MOUNT_POINTS.join(' ')}
for name in ${UNREAD.join(' ')}; do rm -rf usr/share/$name/*; done
# Maintainer scripts of some packages, as those of Java, put links there.
mkdir -p usr/share/man/man1
find var/log -type f -delete
: >etc/machine-id
echo 'I: writing the file system' >&2
[ -n "$base" ] || tarred 'zstd -1 -T0' -cf "$out/${TREE}" .
${ext4Script('.', '$out/root.ext4')}`

/**
 * Fills a directory with `root.ext4` and `packages`, lines of name and version; with `TREE` too when it begins with
 * nothing. Rejects with an EnvironmentError.
 */
export async function buildImage(options: {
  readonly directory: string
  readonly suite: string
  /** The file `TREE` of an image that these packages are added to. */
  readonly base?: string
  readonly packages: readonly string[]
  readonly signal: AbortSignal
  readonly progress: (sentence: string) => void
}): Promise<void> {
  const { directory, suite, base = '', packages, signal, progress } = options
  const sources = await aptSources(suite, signal)
  const settings = ['APT::Install-Recommends "false";', ...(await aptSettings(signal))]
  const flags = [
    ...(base === '' ? ['--variant=essential'] : ['--variant=custom', '--skip=check/empty']),
    `--include=${packages.join(',')}`,
    `--extract-hook=${FORBID_UNREAD}`,
    ...settings.map((line) => `--aptopt=${line}`),
  ]
  await runIsolated(SCRIPT, {
    what: `a guest image of ${suite} with ${packages.join(', ')}`,
    directory,
    args: [suite, sources.map((line) => `${line}\n`).join(''), base, ...flags],
    signal,
    progress: (step) => {
      if (STEPS.test(step)) progress(step)
    },
  })
}
