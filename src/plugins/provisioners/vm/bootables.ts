/** What the guests of a group boot: made or fetched when it is not there yet. */
import { UserError } from '../../../base/errors.ts'
import { initrdFor, modulesOf } from '../../../lab/boot/initrd.ts'
import { guestImage } from '../../../lab/image/guest-image.ts'
import { modulesImage } from '../../../lab/image/modules-image.ts'
import { kernelFor } from '../../../lab/kernels/kernel-for.ts'
import type { Kernel } from '../../../lab/kernels/kernel.ts'
import { workingAccelerator, type Accelerator } from '../../../lab/qemu/accelerator.ts'
import type { Disk } from '../../../lab/qemu/hardware.ts'
import type { ProvisionContext } from '../../../plugin/provisioner.ts'
import type { VmProperties } from './properties.ts'

export interface Bootables {
  readonly kernel: Kernel
  readonly initrd: string
  readonly accelerator: Accelerator
  /** Read-only, and shared by all guests. */
  readonly disks: readonly Disk[]
  /** Differ whenever their contents do. */
  readonly keys: readonly string[]
}

/** Names of disks that the agent looks for. */
const ROOT = 'quarry-root'
const MODULES = 'quarry-modules'

export async function bootables(
  { definitionDirectory, signal, note }: ProvisionContext,
  given: VmProperties,
): Promise<Bootables> {
  if (given.memory < 128 * 2 ** 20) throw new UserError('a guest needs 128M of memory at least')
  const kernel = await kernelFor(given.kernel, { baseDirectory: definitionDirectory, signal, progress: note })
  const [initrd, image, modules] = await Promise.all([
    initrdFor(kernel, signal),
    guestImage({ packages: given.packages, signal, progress: note }),
    kernel.modules === undefined
      ? undefined
      : modulesImage({
          directory: modulesOf(kernel.modules, kernel),
          version: kernel.key,
          signal,
          progress: note,
        }),
  ])
  const accelerator =
    given.accelerator === 'auto'
      ? await workingAccelerator(kernel.image, initrd.path, signal)
      : given.accelerator
  return {
    kernel,
    initrd: initrd.path,
    accelerator,
    disks: [
      { name: ROOT, path: image.path, isShared: true },
      ...(modules === undefined ? [] : [{ name: MODULES, path: modules, isShared: true }]),
    ],
    keys: [kernel.key, initrd.key, image.key],
  }
}
