/** `quarry kernel fetch`. */
import { fetchKernel } from '../../lab/kernels/kernel-for.ts'
import { fetchNeeds, requireNeeds } from '../../lab/kernels/tools.ts'
import { defineCommand } from '../command.ts'
import { showKernel } from './shown.ts'

export const command = defineCommand({
  arguments: {
    version: {
      summary:
        'release or the beginning of one (6.1.0-56, 6.12, 6.1-rt), flavour (cloud), or suite (bookworm)',
    },
  },
  options: {},
  needs: fetchNeeds,
  details: `Of several kernels that the version means the newest is taken, and the one for clouds before the ordinary
one. A definition that names the kernel by the same words gets this one until the next fetch.`,
  async run({ version }, context) {
    await requireNeeds(fetchNeeds, 'cannot fetch a kernel')
    showKernel(await fetchKernel(version, context), context)
    return 0
  },
})
