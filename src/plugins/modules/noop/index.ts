/** Does nothing: for trying out phases. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'

export default defineModule({
  id: 'noop',
  summary: 'does nothing, and succeeds',
  needs: [],
  properties: z.strictObject({
    properties: z.array(z.unknown()).optional().describe('ignored, as in Fallout'),
  }),
  lifetime: 'run_once',
  run: async (context) => {
    context.operation('invoke')
    context.operation('ok')
  },
})
