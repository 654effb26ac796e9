/** Debian's kernels: what apt offers here, which of them a few words mean, and how one becomes a directory of the cache. */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError, UserError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { runProcess } from '../../base/process.ts'
import { cached } from '../cache.ts'
import { originsOf, packagesNamed, packagesOf, unpackPackage, type Package } from './apt.ts'
import { describeKernel, KERNELS, kernelFiles, readKernel, type Kernel } from './kernel.ts'
import type { KernelOptions } from './options.ts'

/** A kernel that apt can get. */
export interface DebianKernel {
  /** What `uname -r` will print, such as `6.1.0-56-cloud-amd64`. */
  readonly release: string
  /** Of the package, such as `6.1.192-2`. */
  readonly version: string
  /** Of the download. */
  readonly bytes: number
}

const PREFIX = 'linux-image-'

/** Kernels that apt offers, the newest first: no unsigned ones, no debug symbols, no packages that only point at others. */
export async function debianKernels(signal: AbortSignal): Promise<DebianKernel[]> {
  const names = await packagesNamed(`^${PREFIX}[0-9]`, signal)
  const packages = await packagesOf(names.filter(isBootable), signal)
  return packages
    .filter(({ summary }) => !isMeta(summary))
    .map(kernelOf)
    .toSorted((a, b) => compareReleases(b.release, a.release))
}

const kernelOf = ({ name, version, bytes }: Package): DebianKernel => ({
  release: name.slice(PREFIX.length),
  version,
  bytes,
})

const isBootable = (name: string): boolean => !/-(?:dbg|dbgsym|unsigned|signed-template)$/.test(name)
const isMeta = (summary: string): boolean => /meta-?package/i.test(summary)

/** By numbers within them: 6.12 is newer than 6.2. */
const compareReleases = new Intl.Collator('en', { numeric: true }).compare

/** Which flavour is meant when none is named: the one made for guests first. */
const FLAVOURS = ['cloud', '', 'rt']

interface ReleaseParts {
  readonly series: string
  /** Empty for Debian's ordinary kernel. */
  readonly flavour: string
  readonly architecture: string
}

/** `6.1.0-56-cloud-amd64` in parts. */
function partsOf(release: string): ReleaseParts {
  const match = /^(.*?)(?:-([a-z]\w*(?:-[a-z]\w*)*?))?-([a-z]\w*)$/.exec(release)
  const [, series = release, flavour = '', architecture = ''] = match ?? []
  return { series, flavour, architecture }
}

/**
 * The kernel that `text` means: a release or the beginning of one (`6.1.0-56-cloud-amd64`, `6.1`, `6.12-rt`; the newest
 * such), a flavour (`cloud`: the one that a new installation would get) or a suite (`bookworm`). Throws a UserError that
 * says what there is.
 */
export async function findDebianKernel(text: string, signal: AbortSignal): Promise<DebianKernel> {
  const wanted = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text
  const exact = isBootable(wanted) && /^\d.*-[a-z]\w*$/.test(wanted) ? [`${PREFIX}${wanted}`] : []
  const [one] = (await packagesOf(exact, signal)).filter(({ summary }) => !isMeta(summary))
  if (one !== undefined) return kernelOf(one)
  const all = await debianKernels(signal)
  if (all.length === 0) {
    throw new EnvironmentError('apt knows of no kernel package', {
      remedy: 'apt-get update, with a line for Debian main in its sources',
    })
  }
  const found =
    newestOf(wanted, all) ?? (await defaultOf(wanted, all, signal)) ?? (await ofSuite(wanted, all, signal))
  if (found !== undefined) return found
  const guess = nearest(
    wanted,
    all.map(({ release }) => release),
  )
  const hint = guess === undefined ? '' : `; did you mean ${guess}?`
  throw new UserError(`${text} is neither a kernel that apt offers here nor a file${hint}`, {
    code: 'QUARRY_NO_KERNEL',
    remedy: 'quarry kernel list',
  })
}

/** The newest whose series begins with the number that is wanted; `6.1` does not begin `6.12`. */
function newestOf(wanted: string, all: readonly DebianKernel[]): DebianKernel | undefined {
  const { groups } = /^(?<series>\d[^-]*(?:-\d+)?)(?:-(?<flavour>[a-z].*))?$/.exec(wanted) ?? {}
  const series = groups?.['series']
  if (series === undefined) return undefined
  const begins = (release: string): boolean => {
    const own = partsOf(release).series
    return own.startsWith(series) && !/^\d/.test(own.slice(series.length))
  }
  const candidates = all.filter(({ release }) => begins(release))
  const flavours = groups?.['flavour'] === undefined ? FLAVOURS : [groups['flavour']]
  for (const flavour of flavours) {
    const kernel = candidates.find(({ release }) => {
      const own = partsOf(release)
      const names = [own.flavour, `${own.flavour}-${own.architecture}`, own.flavour || own.architecture]
      return names.includes(flavour)
    })
    if (kernel !== undefined) return kernel
  }
  return undefined
}

/** The kernel that Debian's package without a number points at, as `linux-image-cloud-amd64`. */
async function defaultOf(
  flavour: string,
  all: readonly DebianKernel[],
  signal: AbortSignal,
): Promise<DebianKernel | undefined> {
  if (!/^[a-z][\w-]*$/.test(flavour)) return undefined
  const { stdout } = await runProcess(['dpkg', '--print-architecture'], { signal })
  const names = [`${PREFIX}${flavour}-${stdout.trim()}`, `${PREFIX}${flavour}`]
  return pointedAt(await packagesOf(names, signal), all)
}

/** The cloud kernel of a suite, or of the suites with its updates. */
async function ofSuite(
  suite: string,
  all: readonly DebianKernel[],
  signal: AbortSignal,
): Promise<DebianKernel | undefined> {
  if (!/^[a-z][\w-]*$/.test(suite)) return undefined
  const { stdout } = await runProcess(['dpkg', '--print-architecture'], { signal })
  const meta = `${PREFIX}cloud-${stdout.trim()}`
  const origins = await originsOf(meta, signal)
  const origin = origins.find((one) => one.suite === suite || one.suite.startsWith(`${suite}-`))
  if (origin === undefined) return undefined
  return pointedAt(await packagesOf([`${meta}=${origin.version}`], signal), all)
}

function pointedAt(packages: readonly Package[], all: readonly DebianKernel[]): DebianKernel | undefined {
  const names = packages.flatMap(({ depends }) => depends)
  return all.find(({ release }) => names.includes(`${PREFIX}${release}`))
}

/** The kernel in the cache, downloaded when it is not there; nothing is installed. */
export async function fetchDebianKernel(
  { release, version, bytes }: DebianKernel,
  { signal, progress }: KernelOptions,
): Promise<Kernel> {
  const directory = await cached({
    kind: KERNELS,
    key: `${release}_${version.replaceAll(/[^\w.+~-]/g, '_')}`,
    signal,
    make: async (place) => {
      progress(`fetching the kernel ${release}, ${Math.round(bytes / 1e6)} MB`)
      const unpacked = join(place, 'package')
      await mkdir(unpacked)
      await unpackPackage({ name: `${PREFIX}${release}`, version }, unpacked, signal)
      await takeKernel(unpacked, place, release, signal)
      await rm(unpacked, { recursive: true })
    },
  })
  return readKernel(directory)
}

/** Moves a kernel out of an unpacked package into the directory that is to hold it, with an index of its modules. */
export async function takeKernel(
  unpacked: string,
  place: string,
  release: string,
  signal: AbortSignal,
): Promise<void> {
  const boot = { image: 'vmlinuz', config: 'config', symbols: 'System.map' } as const
  for (const key of ['image', 'config', 'symbols'] as const) {
    const from = join(unpacked, 'boot', `${boot[key]}-${release}`)
    const there = existsSync(from)
    if (!there && key !== 'symbols') throw new EnvironmentError(`the package has no ${boot[key]}-${release}`)
    // Debian's is a line that says where the real one is.
    if (there && (key !== 'symbols' || (await stat(from)).size > 1000)) {
      await rename(from, join(place, kernelFiles[key]))
    }
  }
  // Debian 13 has them below /usr.
  const modules = ['lib/modules', 'usr/lib/modules']
    .map((path) => join(unpacked, path, release))
    .find(existsSync)
  if (modules !== undefined) {
    await mkdir(join(place, 'lib/modules'), { recursive: true })
    await rename(modules, join(place, 'lib/modules', release))
    await indexModules(place, release, signal)
  }
  await describeKernel(place, { name: release, release })
}

/** What `modprobe` looks modules up in: which depends on which, and what they are also called. */
export async function indexModules(place: string, release: string, signal: AbortSignal): Promise<void> {
  const symbols = join(place, kernelFiles.symbols)
  // Without a System.map it cannot tell missing symbols apart from those that the kernel has.
  const check = existsSync(symbols) ? ['-F', symbols] : []
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
  const command = ['depmod', '-b', place, ...check, release]
  const result = await runProcess(command, { signal, env: { PATH: path } })
  if (result.ok) return
  throw new EnvironmentError(`${command.join(' ')}: ${result.stderr.trim()}`, {
    remedy: result.exitCode === 127 ? 'apt-get install -y kmod' : undefined,
  })
}
