/**
 * Which kernel a few words meant when they were last looked up. A run that says `6.1` gets the same kernel as the one
 * before it, at once and without a network, until `quarry kernel fetch` looks for a newer one.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory, markUsed } from '../cache.ts'
import { KERNELS, readKernel, type Kernel } from './kernel.ts'

const fileOf = (words: string): string => join(cacheDirectory(), 'kernel-names', encodeURIComponent(words))

/** The kernel that these words meant, if it is still here. */
export async function kernelNamed(words: string): Promise<Kernel | undefined> {
  const file = fileOf(words)
  if (!existsSync(file)) return undefined
  const directory = join(cacheDirectory(), KERNELS, (await readFile(file, 'utf8')).trim())
  return (await markUsed(directory)) ? readKernel(directory) : undefined
}

/** From now on these words mean this kernel. */
export async function nameKernel(words: string, { key }: Kernel): Promise<void> {
  const file = fileOf(words)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, `${key}\n`)
}
