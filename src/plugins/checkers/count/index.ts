/** Passes when there were so many operations. */
import { z } from 'zod'
import { defineChecker } from '../../../plugin/define.ts'
import { refersTo } from '../../../plugin/properties.ts'

const names = (text: string | undefined): string[] | undefined => text?.split(',').map((name) => name.trim())

export default defineChecker({
  id: 'count',
  summary: 'the number of operations is within bounds',
  needs: [],
  properties: z
    .strictObject({
      min: z.int().min(0).optional().describe('fewest'),
      max: z.int().min(0).optional().describe('most'),
      processes: refersTo('module', z.string().optional()).describe(
        'aliases of the modules whose operations count, with commas; all when left out',
      ),
      types: z
        .string()
        .optional()
        .describe(
          'kinds that count, with commas: start, invoke, ok, fail, info, error, end; all when left out',
        ),
    })
    .refine(({ min, max }) => min !== undefined || max !== undefined, { message: 'needs min or max' }),
  check: async ({ history }, { min = 0, max = Number.POSITIVE_INFINITY, processes, types }) => {
    const [wantedProcesses, wantedKinds] = [names(processes), names(types)]
    const count = history.filter(
      ({ process, kind }) =>
        (wantedProcesses?.includes(process) ?? true) && (wantedKinds?.includes(kind) ?? true),
    ).length
    const bounds = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `from ${min} to ${max}`
    return count >= min && count <= max
      ? { verdict: 'pass', message: `${count} operations` }
      : { verdict: 'fail', message: `${count} operations; expected ${bounds}` }
  },
})
