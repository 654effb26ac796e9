/** `quarry kernel list`. */
import { messageOf } from '../../base/errors.ts'
import { debianKernels, type DebianKernel } from '../../lab/kernels/debian.ts'
import { cachedKernels } from '../../lab/kernels/kernel.ts'
import { defineCommand } from '../command.ts'
import { megabytes, table } from '../table.ts'

export const command = defineCommand({
  arguments: {},
  options: {},
  details: `What apt offers is as new as its lists: \`apt-get update\` brings them. Kernels in the cache are listed also where
there is no apt.`,
  async run(_values, context) {
    const cached = await cachedKernels()
    const { offered, why } = await offers(context.signal)
    if (context.json) {
      context.printJson({ cached, offered, ...(why === undefined ? {} : { why }) })
      return 0
    }
    context.print(cached.length === 0 ? 'No kernel is in the cache yet.' : 'In the cache:')
    if (cached.length > 0) {
      const rows = cached.map(({ name, release, bytes, madeAt, image }) => [
        name,
        release,
        megabytes(bytes),
        madeAt.toISOString().slice(0, 16).replace('T', ' '),
        image,
      ])
      context.print(table([['name', 'release', 'size', 'made (UTC)', 'image'], ...rows]))
    }
    if (why !== undefined) context.print(`What Debian offers is not known: ${why}`)
    else {
      const rows = offered.map(({ release, version, bytes }) => [release, version, megabytes(bytes)])
      context.print('Debian offers (quarry kernel fetch RELEASE):')
      context.print(table([['release', 'version', 'download'], ...rows]))
    }
    return 0
  },
})

/** What apt offers, or why that is not known: the cache is worth listing all the same. */
async function offers(
  signal: AbortSignal,
): Promise<{ readonly offered: readonly DebianKernel[]; readonly why?: string }> {
  try {
    return { offered: await debianKernels(signal) }
  } catch (error) {
    if (signal.aborted) throw error
    return { offered: [], why: messageOf(error) }
  }
}
