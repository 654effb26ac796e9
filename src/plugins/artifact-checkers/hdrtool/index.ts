/** Makes the performance report of a run from the histogram logs of its clients. */
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { defineArtifactChecker } from '../../../plugin/define.ts'
import { nodeGroup } from '../../../plugin/properties.ts'

export default defineArtifactChecker({
  id: 'hdrtool',
  summary: 'there are histogram logs (*.hdr), of which a performance report is made',
  needs: [],
  properties: z.strictObject({
    client_group: nodeGroup('client').describe(
      'node group whose logs are read; the report goes into its directory',
    ),
    'report.prefix': z
      .string()
      .regex(/^[\w.-]+$/, { error: 'is letters, digits, `.`, `_` and `-`' })
      .default('performance-report')
      .describe('name of the report without its endings .html, .json and .csv'),
  }),
  check: async (context, { client_group, 'report.prefix': prefix }) => {
    const { name, directory } = context.group(client_group)
    try {
      const series = await context.performanceReport(directory, prefix)
      return {
        verdict: 'pass',
        message: `nodes/${name}/${prefix}.html has ${series.join(', ')}`.slice(0, 500),
      }
    } catch (error) {
      if (error instanceof UserError) return { verdict: 'fail', message: error.message }
      throw error
    }
  },
})
