/** A file system without space: writes fail with ENOSPC. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { ModuleContext } from '../../../plugin/module.ts'
import type { Node } from '../../../plugin/node.ts'
import { repeated } from '../../../plugin/repeat.ts'
import { selectNodes } from '../../../plugin/selection.ts'
import { size } from '../../faults/size.ts'
import { nodeFaultProperties } from '../../faults/nodes.ts'
import { untilOver } from '../../faults/until-over.ts'
import { fill } from './fill.ts'

export default defineModule({
  id: 'disk-full',
  summary: 'fills the file system of a directory for a time, up to a rest',
  needs: [{ type: 'tool', name: 'fallocate', package: 'util-linux' }],
  properties: z.strictObject({
    ...nodeFaultProperties,
    directory: z
      .string()
      .min(1)
      .describe(
        'a directory that is there, on the file system that is filled; seen from the scratch directory',
      ),
    leave: size.prefault(0).describe('how much stays free, such as 10M; nothing when left out'),
    allow_root: z
      .boolean()
      .default(false)
      .describe('whether also the file system of `/`, or that of the run directory, may be filled'),
  }),
  lifetime: 'dynamic',
  run: (context, given) =>
    repeated(context, given, async () => {
      const { leave, allow_root: allowRoot } = given
      const nodes = selectNodes((name) => context.group(name), given)
      // Nodes of one host may share a file system, which is filled once.
      const places = new Map<string, { readonly node: Node; readonly directory: string }>()
      for (const node of nodes) {
        const directory = resolve(node.scratch, given.directory)
        const device = await deviceOf(context, node, directory, allowRoot)
        places.set(`${node.host} ${device}`, { node, directory })
      }
      const value = [...places.values()].map(({ node, directory }) => ({ node: node.name, directory }))
      context.operation('invoke', { filled: value, leave })
      {
        await using stack = new AsyncDisposableStack()
        for (const { node, directory } of places.values()) {
          const filler = stack.use(await fill(node, directory, leave, context.ledgerOf(node), context.signal))
          context.log(`${node.name}: ${directory} is full, with ${filler.bytes} bytes`)
        }
        await untilOver(context, given.duration)
      }
      context.log('freed')
      context.operation('ok')
    }),
})

/** Number of the device that a directory is on; throws a UserError for one that is not to be filled. */
async function deviceOf(
  context: ModuleContext,
  node: Node,
  directory: string,
  allowRoot: boolean,
): Promise<string> {
  const run = context.artifacts(node)
  const asked = await node.run(['stat', '-c', '%d', '--', directory, '/'], { signal: context.signal })
  const [device = '', root] = asked.stdout.split('\n')
  if (!asked.ok || device === '') {
    throw new UserError(`${node.name} has no directory ${directory}: ${asked.stderr.trim().slice(-200)}`)
  }
  const ofRun = (await node.run(['stat', '-c', '%d', '--', run])).stdout.trim()
  const whose = device === root ? 'of /' : device === ofRun ? 'that the run directory is on' : undefined
  if (whose === undefined || allowRoot) return device
  throw new UserError(`${directory} of ${node.name} is on the file system ${whose}, which is not filled`, {
    code: 'QUARRY_DISK_FULL',
    remedy: 'name a directory on another, such as a tmpfs or loop mount; or set allow_root: true',
  })
}
