/** A disk that is slow for some processes: their reads and writes wait. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { Node } from '../../../plugin/node.ts'
import { repeated, repeatProperties } from '../../../plugin/repeat.ts'
import {
  chosenProcesses,
  inWords,
  needsOneOf,
  processProperties,
  someOf,
  type ChosenProcess,
} from '../../faults/processes.ts'
import { size } from '../../faults/size.ts'
import { lasting, untilOver } from '../../faults/until-over.ts'
import { blockController, groupOf, throttle } from './throttle.ts'

const properties = z
  .strictObject({
    ...processProperties,
    directory: z
      .string()
      .min(1)
      .default('.')
      .describe(
        'a directory on the device that is slow; seen from the scratch directory, which it is if left out',
      ),
    read_bps: size.optional().describe('bytes that are read per second at most, such as 1M'),
    write_bps: size.optional().describe('bytes that are written per second at most'),
    read_iops: z.int().min(1).optional().describe('read operations per second at most'),
    write_iops: z.int().min(1).optional().describe('write operations per second at most'),
    ...lasting,
    ...repeatProperties,
  })
  .refine(...needsOneOf)
  .refine(
    ({ read_bps, write_bps, read_iops, write_iops }) =>
      [read_bps, write_bps, read_iops, write_iops].some((limit) => limit !== undefined),
    { error: 'limits nothing: give read_bps, write_bps, read_iops or write_iops' },
  )

export default defineModule({
  id: 'io-limit',
  summary: 'lets processes read and write only so much of a block device per second, for a time',
  needs: [{ type: 'root' }, { type: 'kernel', option: 'CONFIG_BLK_DEV_THROTTLING' }],
  properties,
  lifetime: 'dynamic',
  run: (context, given) =>
    repeated(context, given, async () => {
      const { read_bps, write_bps, read_iops, write_iops } = given
      const limits = { read_bps, write_bps, read_iops, write_iops }
      context.operation('invoke', limits)
      const processes = someOf(await chosenProcesses(context, given), given)
      {
        await using stack = new AsyncDisposableStack()
        for (const [node, own] of Map.groupBy(processes, (process) => process.node)) {
          const device = await deviceOf(node, resolve(node.scratch, given.directory))
          const hierarchy = blockController(node)
          const groups = Map.groupBy(own, ({ pid }) => groupOf(node, hierarchy, pid))
          for (const [from, members] of groups) {
            if (from === undefined) continue
            const pids = members.map(({ pid }: ChosenProcess) => pid)
            stack.use(await throttle(node, hierarchy, device, limits, { from, pids }, context.ledgerOf(node)))
          }
          context.log(`${node.name}: device ${device} is slow for ${own.map(({ pid }) => pid).join(', ')}`)
        }
        context.operation('info', { limited: inWords(processes) })
        await untilOver(context, given.duration)
      }
      context.log('no longer limited')
      context.operation('ok')
    }),
})

// A partition has no limits of its own: they are those of the disk.
const DEVICE = `
number=$(findmnt -n -o MAJ:MIN -T "$1" | tail -n 1 | tr -d ' ') || exit 1
if [ -e "/sys/dev/block/$number/partition" ]; then cat "/sys/dev/block/$number/../dev"; else echo "$number"; fi
`

/** `MAJOR:MINOR` of the disk that a directory is on; a UserError when it is on none. */
async function deviceOf(node: Node, directory: string): Promise<string> {
  const { stdout, stderr } = await node.run(['sh', '-c', DEVICE, 'sh', directory])
  const device = stdout.trim()
  if (/^[1-9]\d*:\d+$/.test(device)) return device
  throw new UserError(`${directory} of ${node.name} is on no block device: ${device || stderr.trim()}`, {
    code: 'QUARRY_NO_DEVICE',
    remedy: 'name a directory on a disk, not on tmpfs, overlayfs or a network file system',
  })
}
