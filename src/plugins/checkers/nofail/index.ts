/** Passes when no operation failed. */
import { z } from 'zod'
import { isClientOperation } from '../../../plugin/checker.ts'
import { defineChecker } from '../../../plugin/define.ts'
import { refersTo } from '../../../plugin/properties.ts'

export default defineChecker({
  id: 'nofail',
  summary: 'no operation of the workload failed',
  needs: [],
  properties: z.strictObject({
    processes: refersTo('module', z.string().optional()).describe(
      'aliases of the modules to consider, with commas; all when left out',
    ),
  }),
  check: async ({ history }, { processes }) => {
    const names = processes?.split(',').map((name) => name.trim())
    const unseen = names?.filter((name) => !history.some(({ process }) => process === name)) ?? []
    const failed = history.filter(
      (operation) =>
        operation.kind === 'fail' &&
        !isClientOperation(operation) &&
        (names === undefined || names.includes(operation.process)),
    )
    const first = failed[0]
    if (first === undefined) {
      if (unseen.length > 0) return { verdict: 'unknown', message: `${unseen.join(', ')} did not run` }
      return { verdict: 'pass', message: 'no operation failed' }
    }
    const why = typeof first.value === 'string' ? `: ${first.value}` : ''
    const more = failed.length === 1 ? '' : `, and ${failed.length - 1} more`
    return { verdict: 'fail', message: `${first.process} failed in phase ${first.phase}${why}${more}` }
  },
})
