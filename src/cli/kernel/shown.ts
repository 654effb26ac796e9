/** A kernel as the commands show it. */
import type { Kernel } from '../../lab/kernels/kernel.ts'
import type { CommandContext } from '../command.ts'

/** Prints where a kernel is and what it calls itself. */
export function showKernel(kernel: Kernel, context: CommandContext): void {
  if (context.json) context.printJson(kernel)
  else context.print(`${kernel.release}: ${kernel.image}`)
}
