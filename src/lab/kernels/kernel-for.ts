/** From what a definition or a person says to a kernel that can be booted. */
import { fetchDebianKernel, findDebianKernel } from './debian.ts'
import type { Kernel } from './kernel.ts'
import { kernelNamed, nameKernel } from './names.ts'
import type { KernelOptions } from './options.ts'

export interface KernelQuestion extends KernelOptions {
  /** Where relative paths start: that of the definition. */
  readonly baseDirectory: string
}

/**
 * The kernel that `text` names, fetched when it is not in the cache. It is a release of Debian's, the beginning of one,
 * a flavour or a suite (see `findDebianKernel`). Throws a UserError when there is no such kernel, an EnvironmentError
 * when it cannot be had here.
 */
export async function kernelFor(text: string, question: KernelQuestion): Promise<Kernel> {
  return (await kernelNamed(text)) ?? fetchKernel(text, question)
}

/** The newest kernel of Debian that the words mean, downloaded when it is not in the cache. */
export async function fetchKernel(words: string, options: KernelOptions): Promise<Kernel> {
  const kernel = await fetchDebianKernel(await findDebianKernel(words, options.signal), options)
  await nameKernel(words, kernel)
  await nameKernel(kernel.release, kernel)
  return kernel
}
