/** The kernel modules that a guest needs before it can mount its root, in the order in which they are loaded. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { EnvironmentError } from '../../base/errors.ts'
import { runProcess, startProcess } from '../../base/process.ts'
import { loadOrder, moduleName, parseModuleIndex } from './load-order.ts'

/** Virtual disks, consoles and network cards of QEMU; the image's file system and the throw-away layer over it. */
export const BOOT_MODULES = [
  'virtio_pci',
  'virtio_blk',
  'virtio_console',
  'virtio_net',
  'ext4',
  'overlay',
] as const

export interface BootModule {
  /** With underscores, as in /proc/modules. */
  readonly name: string
  /** An ELF object, as finit_module(2) wants it: not compressed. */
  readonly content: Uint8Array
}

/**
 * The modules of these names and all that they depend on, each after those that it needs. Left out is what is built into
 * the kernel. `directory` is lib/modules/RELEASE of a kernel. Rejects with an EnvironmentError when the kernel has not one.
 */
export async function bootModules(
  directory: string,
  names: readonly string[] = BOOT_MODULES,
): Promise<BootModule[]> {
  const order = loadOrder(names, parseModuleIndex(await indexText(directory)), await builtIn(directory))
  if (!Array.isArray(order)) {
    throw new EnvironmentError(`the kernel of ${directory} has no module ${order.absent}`, {
      code: 'QUARRY_KERNEL_MODULE',
      remedy: `use a kernel with CONFIG_${order.absent.toUpperCase()}=m, or =y`,
    })
  }
  return await Promise.all(
    order.map(async (path) => ({
      name: moduleName(path),
      content: await moduleContent(join(directory, path)),
    })),
  )
}

async function builtIn(directory: string): Promise<Set<string>> {
  const file = join(directory, 'modules.builtin')
  const text = existsSync(file) ? await readFile(file, 'utf8') : ''
  return new Set(text.split('\n').map(moduleName))
}

/** A package of Debian brings no modules.dep: that is made when it is installed. */
async function indexText(directory: string): Promise<string> {
  if (existsSync(join(directory, 'modules.dep'))) {
    const files = ['dep', 'softdep', 'alias'].map((name) => join(directory, `modules.${name}`))
    const texts = await Promise.all(files.filter(existsSync).map((file) => readFile(file, 'utf8')))
    return texts.join('\n')
  }
  const base = resolve(directory, '../../..')
  const result = await runProcess(['depmod', '--dry-run', '--basedir', base, basename(resolve(directory))])
  if (result.ok) return result.stdout
  throw new EnvironmentError(`cannot tell what the modules of ${directory} need: ${result.stderr.trim()}`, {
    code: 'QUARRY_KERNEL_MODULE',
    remedy: 'apt-get install -y kmod',
  })
}

async function moduleContent(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path)
  if (path.endsWith('.gz')) return await promisify(gunzip)(bytes)
  if (path.endsWith('.zst')) return await promisify(zstdDecompress)(bytes)
  return path.endsWith('.xz') ? await unxz(path) : bytes
}

async function unxz(path: string): Promise<Uint8Array> {
  await using running = await startProcess(['xz', '--decompress', '--stdout', path])
  const content = Buffer.concat(await Array.fromAsync(running.stdout))
  if ((await running.done).ok) return content
  throw new EnvironmentError(`cannot unpack ${path}`, {
    code: 'QUARRY_KERNEL_MODULE',
    remedy: 'apt-get install -y xz-utils',
  })
}
