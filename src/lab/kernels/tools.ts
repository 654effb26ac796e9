/** What building a kernel needs of this host. */
import { tmpdir } from 'node:os'
import { EnvironmentError } from '../../base/errors.ts'
import { checkNeeds } from '../../node/needs.ts'
import { localNode } from '../../node/local.ts'
import type { Need } from '../../plugin/need.ts'

const tool = (name: string, debianPackage: string): Need => ({ type: 'tool', name, package: debianPackage })
const header = (path: string, debianPackage: string): Need => ({
  type: 'file',
  path,
  remedy: `apt-get install -y ${debianPackage}`,
})

/** To fetch a kernel. */
export const fetchNeeds: readonly Need[] = [
  tool('apt-get', 'apt'),
  tool('dpkg-deb', 'dpkg'),
  tool('/usr/sbin/depmod', 'kmod'),
]

/** To build one. */
export const buildNeeds: readonly Need[] = [
  tool('apt-get', 'apt'),
  tool('dpkg-deb', 'dpkg'),
  tool('tar', 'tar'),
  tool('xz', 'xz-utils'),
  tool('patch', 'patch'),
  tool('gcc', 'gcc'),
  tool('make', 'make'),
  tool('flex', 'flex'),
  tool('bison', 'bison'),
  tool('bc', 'bc'),
  tool('perl', 'perl'),
  tool('cpio', 'cpio'),
  header('/usr/include/stdio.h', 'libc6-dev'),
  header('/usr/include/libelf.h', 'libelf-dev'),
  header('/usr/include/openssl/ssl.h', 'libssl-dev'),
]

/** To build one that has BTF. */
export const btfNeed: Need = tool('pahole', 'dwarves')

/** Throws an EnvironmentError that names all that is missing, with one command that brings it. */
export async function requireNeeds(needs: readonly Need[], purpose: string): Promise<void> {
  const node = localNode({ run: 'kernels', group: 'local', ordinal: 0, scratch: tmpdir() })
  const missing = await checkNeeds(node, needs)
  if (missing.length === 0) return
  const packages = missing.flatMap(({ remedy }) => /^apt-get install -y (\S+)$/.exec(remedy)?.[1] ?? [])
  throw new EnvironmentError(`${purpose}: ${missing.map(({ why }) => why).join('; ')}`, {
    code: 'QUARRY_MISSING',
    remedy:
      packages.length === missing.length
        ? `apt-get install -y ${[...new Set(packages)].join(' ')}`
        : missing[0]?.remedy,
  })
}
