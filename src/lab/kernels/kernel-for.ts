/** From what a definition or a person says to a kernel that can be booted. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildKernel } from './build.ts'
import { fetchDebianKernel, findDebianKernel } from './debian.ts'
import { namesDescription, readRecipe } from './description.ts'
import type { Kernel } from './kernel.ts'
import { kernelNamed, nameKernel } from './names.ts'
import type { KernelOptions } from './options.ts'

export interface KernelQuestion extends KernelOptions {
  /** Where relative paths start: that of the definition. */
  readonly baseDirectory: string
}

/**
 * The kernel that `text` names, fetched or built when it is not in the cache. It is the file of a description, or a
 * release of Debian's, the beginning of one, a flavour or a suite (see `findDebianKernel`). Throws a UserError when there
 * is no such kernel or its description is wrong, an EnvironmentError when it cannot be had here.
 */
export async function kernelFor(text: string, question: KernelQuestion): Promise<Kernel> {
  const file = resolve(question.baseDirectory, text)
  if (existsSync(file) || namesDescription(text)) return buildKernel(await readRecipe(file), question)
  return (await kernelNamed(text)) ?? fetchKernel(text, question)
}

/** The newest kernel of Debian that the words mean, downloaded when it is not in the cache. */
export async function fetchKernel(words: string, options: KernelOptions): Promise<Kernel> {
  const kernel = await fetchDebianKernel(await findDebianKernel(words, options.signal), options)
  await nameKernel(words, kernel)
  await nameKernel(kernel.release, kernel)
  return kernel
}
