/** Where this host gets Debian packages from: a guest image is built from the same places. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { runProcess } from '../../base/process.ts'

/** An archive of a suite, such as `bookworm-updates` of Debian's mirror. */
export interface AptSource {
  readonly uri: string
  readonly release: string
  readonly component: string
  /** The file of keys that its sources entry names. */
  readonly signedBy?: string
}

/** Debian's own mirror, for hosts that name none for the suite. */
const MIRROR = 'http://deb.debian.org/debian'
const SECURITY_MIRROR = 'http://deb.debian.org/debian-security'
const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** After the name of a suite: its own archives. Backports are left out: they are for those who ask for them. */
const ARCHIVES = ['', '-updates', '-security']

/** The suite that this host runs when it is Debian, otherwise `bookworm`. */
export async function hostSuite(): Promise<string> {
  const text = existsSync('/etc/os-release') ? await readFile('/etc/os-release', 'utf8') : ''
  const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(text)?.[1]
  return field('ID') === 'debian' ? (field('VERSION_CODENAME') ?? 'bookworm') : 'bookworm'
}

/** Lines of sources.list(5) for a suite: those of this host, and Debian's own mirror where it has none. */
export async function aptSources(suite: string, signal: AbortSignal): Promise<readonly string[]> {
  const targets = await runProcess(['apt-get', 'indextargets', 'Created-By: Packages'], { signal })
  const found = parseIndexTargets(targets.stdout, suite, await sourceFiles(targets.stdout))
  return (found.length > 0 ? found : ownMirror(suite)).map(
    ({ uri, release, component, signedBy }) =>
      `deb ${signedBy === undefined ? '' : `[signed-by=${signedBy}] `}${uri} ${release} ${component}`,
  )
}

/**
 * The Debian archives of a suite among what `apt-get indextargets` prints, stanzas of `Field: value`. `files` are the
 * sources files that it names, by path: only they tell the keys.
 */
export function parseIndexTargets(
  text: string,
  suite: string,
  files: ReadonlyMap<string, string> = new Map(),
): AptSource[] {
  const sources = new Map<string, AptSource>()
  for (const stanza of text.split(/\n\n+/)) {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1]?.trim()
    const [uri, release, component] = [field('Repo-URI'), field('Release'), field('Component')]
    if (uri === undefined || release === undefined || component === undefined) continue
    // Before the first `apt-get update` no origin is known. The codename tells what `stable` is.
    if ((field('Origin') ?? 'Debian') !== 'Debian') continue
    const names = [release, field('Codename')]
    if (!ARCHIVES.some((archive) => names.includes(suite + archive))) continue
    const signedBy = keysOf(files.get((field('Sourcesentry') ?? '').replace(/:\d+$/, '')) ?? '', uri)
    sources.set(`${uri} ${release} ${component}`, {
      uri,
      release,
      component,
      ...(signedBy === undefined ? {} : { signedBy }),
    })
  }
  return [...sources.values()]
}

/** The file of keys that the entry of an archive names, in a sources file of either format. */
function keysOf(text: string, uri: string): string | undefined {
  const bare = (word: string): string => word.replace(/\/$/, '')
  for (const entry of text.split(/\n\n+|\n(?=deb )/)) {
    if (!entry.split(/\s+/).some((word) => bare(word) === bare(uri))) continue
    const keys = /^Signed-By:\s*(\/\S+)/im.exec(entry) ?? /\[[^\]]*signed-by=(\/[^\]\s,]+)/i.exec(entry)
    if (keys?.[1] !== undefined) return keys[1]
  }
  return undefined
}

async function sourceFiles(text: string): Promise<Map<string, string>> {
  const paths = new Set([...text.matchAll(/^Sourcesentry: (.+):\d+$/gm)].map(([, path = '']) => path))
  const files = new Map<string, string>()
  for (const path of paths) if (existsSync(path)) files.set(path, await readFile(path, 'utf8'))
  return files
}

function ownMirror(suite: string): AptSource[] {
  const keys = existsSync(DEBIAN_KEYS) ? { signedBy: DEBIAN_KEYS } : {}
  return ARCHIVES.map((archive) => ({
    uri: archive === '-security' ? SECURITY_MIRROR : MIRROR,
    release: suite + archive,
    component: 'main',
    ...keys,
  }))
}

/** How this host reaches them (proxies, certificates), as lines of apt.conf(5). */
export async function aptSettings(signal: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await runProcess(['apt-config', 'dump', 'Acquire'], { signal })
  return stdout.split('\n').filter((line) => /^Acquire::https?::\S+ ".+";$/.test(line))
}
