/** `quarry kernel build`. */
import { buildKernel } from '../../lab/kernels/build.ts'
import { readRecipe } from '../../lab/kernels/description.ts'
import { buildNeeds } from '../../lab/kernels/tools.ts'
import { defineCommand } from '../command.ts'
import { showKernel } from './shown.ts'

export const command = defineCommand({
  arguments: {
    file: {
      summary: 'description of the kernel, such as examples/kernels/fixed.yaml; FILE@PATCH: up to that patch',
    },
  },
  options: {
    patch: {
      value: 'file',
      many: true,
      summary: 'another patch, applied after those of the description; may be repeated',
    },
    config: {
      value: 'file',
      many: true,
      summary: 'another fragment of a configuration, the last word; may be repeated',
    },
  },
  needs: buildNeeds,
  details: `The source is downloaded from Debian. A kernel that was built before from the same source, configuration,
patches and compiler is not built again; after a change only what it touches is compiled.

  source: linux-source-6.1
  base: tinyconfig              # or defconfig, or debian: that of Debian's kernel for clouds
  config: [lab.config]          # fragments; every option must be kept, or the build says which is not
  patches: [hrtick-bug.patch]   # applied in this order`,
  async run({ file, patch, config }, context) {
    showKernel(await buildKernel(await readRecipe(file, { config, patches: patch }), context), context)
    return 0
  },
})
