/** Nothing is put on the nodes. */
import { z } from 'zod'
import { defineManager } from '../../../plugin/define.ts'

export default defineManager({
  id: 'noop',
  summary: 'nothing: the nodes are taken as they are',
  needs: [],
  properties: z.strictObject({}),
  provides: [],
  requires: [],
})
