/** Passes when node groups went through these run levels, by modules of the workload. */
import { z } from 'zod'
import { defineChecker } from '../../../plugin/define.ts'

export default defineChecker({
  id: 'runlevel',
  summary: 'the modules `runlevel` brought groups to these levels, in this order',
  needs: [],
  properties: z.strictObject({
    runlevels: z.string().min(1).describe('the levels, with commas'),
  }),
  check: async ({ history }, { runlevels }) => {
    const wanted = runlevels.split(',').map((level) => level.trim())
    const reached = history
      .filter(({ module, kind }) => module === 'runlevel' && kind === 'ok')
      .map(({ value }) => String(value))
    const same = reached.join() === wanted.join()
    const said = reached.length === 0 ? 'no level was reached' : `reached ${reached.join(', ')}`
    return same
      ? { verdict: 'pass', message: said }
      : { verdict: 'fail', message: `${said}; expected ${wanted.join(', ')}` }
  },
})
