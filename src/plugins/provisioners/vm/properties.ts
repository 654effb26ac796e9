/** What a definition can say of virtual machines. */
import { z } from 'zod'
import { size } from '../../faults/size.ts'

const throttle = z.union([
  size.transform((rate) => ({ rate })),
  z.strictObject({
    rate: size.describe('per second in the long run'),
    burst: size.optional().describe('per second while there is credit'),
    burst_seconds: z.int().min(1).optional().describe('how long a burst lasts at most'),
  }),
])

const limits = z.strictObject({
  bytes: throttle.optional().describe('read and written, per second'),
  bytes_read: throttle.optional().describe('read, per second'),
  bytes_written: throttle.optional().describe('written, per second'),
  requests: throttle.optional().describe('read and written, per second'),
  reads: throttle.optional().describe('requests that read, per second'),
  writes: throttle.optional().describe('requests that write, per second'),
})

const disk = z.strictObject({
  size: size.prefault('1G').describe('it is empty at first, and thrown away with the guest'),
  mount: z
    .string()
    .regex(/^\/[^\s,]*$/)
    .optional()
    .describe('directory; the disk is formatted then'),
  format: z.enum(['ext4', 'ext2', 'xfs', 'btrfs']).default('ext4').describe('its file system'),
  limits: limits.default({}).describe('how fast it is: a number or `{rate, burst, burst_seconds}` for each'),
})

const name = z
  .string()
  .regex(
    /^(?!quarry-)[a-z][a-z0-9-]{0,14}$/,
    'is not a name: letters, digits and dashes, at most 15, and not quarry- first',
  )

export const properties = z.strictObject({
  kernel: z
    .string()
    .min(1)
    .default('cloud')
    .describe(
      'release, series or flavour of one of Debian, such as 6.1 or cloud; or a file that says how to build one, with @ and the last patch of it that is applied',
    ),
  kernel_arguments: z.string().default('').describe('added to the command line of the kernel'),
  cpus: z.int().min(1).max(64).default(1).describe('processors of each guest'),
  memory: size.prefault('512M').describe('of each guest; what is written to its root is in it too'),
  packages: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9.+:~=-]+$/))
    .default([])
    .describe('Debian packages in it'),
  disks: z.record(name, disk).default({}).describe('disks by name, besides that of the root file system'),
  networks: z
    .array(name)
    .default(['run'])
    .describe('a card for each: `run` is that of the run, others are networks that nobody else is in'),
  start: z
    .enum(['snapshot', 'boot'])
    .default('snapshot')
    .describe('go on from where such a guest was ready, or boot each'),
  accelerator: z
    .enum(['auto', 'kvm', 'tcg'])
    .default('auto')
    .describe('`auto` is KVM where a kernel boots under it, and TCG elsewhere'),
})
export type VmProperties = z.infer<typeof properties>
