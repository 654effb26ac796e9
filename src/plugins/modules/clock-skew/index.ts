/** The time of day of some nodes jumps, and jumps back. */
import { z } from 'zod'
import { parseDuration } from '../../../base/duration.ts'
import { UserError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import { repeated } from '../../../plugin/repeat.ts'
import { selectNodes } from '../../../plugin/selection.ts'
import { clockFile, clockNeed, moveClock } from '../../faults/movable-clock.ts'
import { nodeFaultProperties } from '../../faults/nodes.ts'
import { untilOver } from '../../faults/until-over.ts'

const offset = z.string().transform((text, context) => {
  const [, sign, length = ''] = /^\s*([+-]?)\s*(.*)$/.exec(text) ?? []
  const milliseconds = parseDuration(length)
  if (milliseconds !== undefined) return sign === '-' ? -milliseconds : milliseconds
  context.addIssue({ code: 'custom', message: 'is not an offset, such as 30s, +2m or -500ms' })
  return z.NEVER
})

export default defineModule({
  id: 'clock-skew',
  summary: 'moves the time of day of services that have `movable_clock`, on some nodes, and back',
  needs: [clockNeed],
  properties: z.strictObject({
    ...nodeFaultProperties,
    offset: offset.describe(
      'how far it is moved: `30s` or `+30s` is late for everything, `-30s` happens again; seen within a second',
    ),
  }),
  lifetime: 'dynamic',
  run: (context, given) =>
    repeated(context, given, async () => {
      const nodes = selectNodes((name) => context.group(name), given)
      for (const node of nodes) {
        const found = await node.run(['test', '-e', clockFile(node)])
        if (found.ok) continue
        throw new UserError(`no process of ${node.name} has a clock that can be moved`, {
          code: 'QUARRY_NO_CLOCK',
          remedy: 'give its configuration manager, which is a `command`, the property movable_clock: true',
        })
      }
      context.operation('invoke', { nodes: nodes.map(({ name }) => name), offset: given.offset })
      {
        await using stack = new AsyncDisposableStack()
        for (const node of nodes) {
          // Nodes that are kept for later runs keep their scratch directory, with the clock.
          stack.use(await context.ledgerOf(node).record({ type: 'clock', path: clockFile(node) }))
          // Here too, to tell when it fails.
          stack.defer(() => moveClock(node, 0))
          await moveClock(node, given.offset)
          context.log(`${node.name}: the clock is moved by ${given.offset} ms`)
        }
        await untilOver(context, given.duration)
      }
      context.log('moved back')
      context.operation('ok')
    }),
})
