/** Runs a script on nodes of a group, all at once. */
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { repeated, repeatProperties } from '../../../plugin/repeat.ts'
import { selectionProperties, selectNodes } from '../../../plugin/selection.ts'
import { runScript } from '../../scripts/run.ts'

const properties = z.strictObject({
  script: z
    .string()
    .min(1)
    .describe(
      'what bash runs, with `-o pipefail`, or the interpreter of its `#!` line; a status other than 0 is a failure',
    ),
  ...selectionProperties('server'),
  env: z.record(z.string(), z.string()).default({}).describe('environment variables'),
  'env.vars': z
    .record(z.string(), z.string())
    .default({})
    .describe('more of them, under the name that Fallout has for `env`'),
  timeout: duration
    .optional()
    .describe('a script that takes longer is stopped, and has failed; 0 is no limit'),
  no_output_timeout: duration
    .optional()
    .describe(
      'a script that has said something and then nothing for so long is stopped, and has failed; 0 is no limit',
    ),
  export_output: z
    .boolean()
    .default(false)
    .describe('whether its standard output is the value of the operation, up to 64 KiB of each node'),
  ...repeatProperties,
})

export default defineModule({
  id: 'bash',
  summary: 'runs a script on the nodes of a group; a script that fails is a failed operation',
  needs: [{ type: 'tool', name: 'bash', package: 'bash' }],
  properties,
  lifetime: 'dynamic',
  run: (context, given) => {
    const nodes = selectNodes((name) => context.group(name), given)
    return repeated(context, given, async () => {
      context.operation('invoke', { nodes: nodes.map(({ name }) => name) })
      // All have ended before anything is said: one that cannot be started must not leave the others running.
      const settled = await Promise.allSettled(
        nodes.map((node) =>
          runScript(node, context, { ...given, env: { ...given['env.vars'], ...given.env } }),
        ),
      )
      throwIfAborted(context.signal)
      const endings = settled.map((ending) => {
        if (ending.status === 'rejected') throw ending.reason
        return ending.value
      })
      const failures = endings.filter(({ ok }) => !ok)
      if (failures.length > 0) {
        context.operation('fail', failures.map(({ node, why }) => `${node}: ${why}`).join('\n'))
      } else if (given.export_output) {
        context.operation('ok', endings.map(({ output }) => output).join('\n'))
      } else {
        context.operation('ok')
      }
    })
  },
})
