/** Brings a node group up or down in the middle of the workload. */
import { z } from 'zod'
import { messageOf } from '../../../base/errors.ts'
import { isAbove, runLevels } from '../../../model/run-level.ts'
import { defineModule } from '../../../plugin/define.ts'
import { refersTo } from '../../../plugin/properties.ts'

const SAFE = 'STARTED_SERVICES_UNCONFIGURED'

export default defineModule({
  id: 'runlevel',
  summary: 'brings a node group to another run level',
  needs: [],
  properties: z
    .strictObject({
      role: z
        .string()
        .transform((text) => text.toLowerCase())
        .pipe(z.enum(['server', 'client', 'observer', 'controller']))
        .optional()
        .describe('role of the group: SERVER, CLIENT, OBSERVER or CONTROLLER'),
      node_group: refersTo('node group', z.string().min(1).optional()).describe(
        'its name, where the role is not enough',
      ),
      runlevel: z
        .enum(runLevels)
        .exclude(['RESERVED', 'CREATED'])
        .describe('the level that it is brought to'),
    })
    .refine(({ role, node_group: group }) => role !== undefined || group !== undefined, {
      message: 'needs role or node_group',
    }),
  lifetime: 'run_once',
  run: async (context, { role, node_group: name, runlevel }) => {
    const group = name ?? role ?? ''
    const now = context.level(group)
    context.operation('invoke', { group, from: now, to: runlevel })
    if (isAbove(now, SAFE) && !isAbove(runlevel, SAFE)) {
      const why = `${group} is at ${now}: going down to ${runlevel} would lose its artifacts`
      context.operation('fail', why)
      return
    }
    try {
      await context.transition(group, runlevel)
      context.operation('ok', runlevel)
    } catch (error) {
      if (context.signal.aborted) throw error
      context.operation('fail', messageOf(error))
    }
  },
})
