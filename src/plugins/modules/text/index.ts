/** Puts texts into the history: for trying out phases and checkers. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'

export default defineModule({
  id: 'text',
  summary: 'an operation that succeeds with a given text',
  needs: [],
  properties: z.strictObject({
    text: z.union([z.string(), z.array(z.string()).min(1)]).describe('the value, or one for each operation'),
  }),
  lifetime: 'run_once',
  run: async (context, { text }) => {
    for (const value of Array.isArray(text) ? text : [text]) {
      context.operation('invoke')
      context.operation('ok', value)
    }
  },
})
