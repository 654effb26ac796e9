/** Passes when a metric that was collected stays within bounds. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { UserError, messageOf } from '../../../base/errors.ts'
import { defineArtifactChecker } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { filesOf } from '../../matching/files.ts'

/** What Prometheus answers to a query over a range, with its bare forms. */
const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()).default({}),
        values: z.array(z.tuple([z.number(), z.coerce.number()])),
      }),
    ),
  }),
})

export default defineArtifactChecker({
  id: 'stable_metrics_threshold',
  summary: 'every sample of a metric in metrics/NAME.json lies within bounds',
  needs: [],
  properties: z
    .strictObject({
      metric_name: z.string().min(1).describe('name of the metric, and of its file without .json'),
      warmup_offset: duration.default(0).describe('time left out at the beginning'),
      upper_threshold: z.coerce.number().optional().describe('highest value that is right'),
      lower_threshold: z.coerce.number().optional().describe('lowest value that is right'),
    })
    .refine(({ upper_threshold, lower_threshold }) => (upper_threshold ?? lower_threshold) !== undefined, {
      message: 'needs upper_threshold or lower_threshold',
    }),
  check: async (context, given) => {
    const { metric_name, warmup_offset, upper_threshold = Infinity, lower_threshold = -Infinity } = given
    const files = (await Promise.all(context.groups.map(filesOf)))
      .flat()
      .filter(
        ({ path }) => basename(path) === `${metric_name}.json` && /[\\/]metrics[\\/][^\\/]+$/.test(path),
      )
    if (files.length === 0) throw new UserError(`no node group has metrics/${metric_name}.json`)
    let judged = 0
    for (const { path, name } of files) {
      const series = await read(path)
      const times = series.flatMap(({ values }) => values.map(([time]) => time))
      const from = times.reduce((a, b) => Math.min(a, b), Infinity) + warmup_offset / 1000
      for (const { metric, values } of series) {
        const later = values.filter(([time]) => time >= from)
        judged += later.length
        // A sample that is no number is not within anything.
        const bad = later.find(([, value]) => !(value >= lower_threshold && value <= upper_threshold))
        if (bad === undefined) continue
        const labels = Object.entries(metric).map(([label, value]) => `${label}="${value}"`)
        const at = new Date(bad[0] * 1000).toISOString()
        const bounds = `${lower_threshold} to ${upper_threshold}`
        const message = `${name}: {${labels.join(', ')}} is ${bad[1]} at ${at}; expected ${bounds}`
        return { verdict: 'fail', message }
      }
    }
    if (judged === 0) throw new UserError(`${metric_name} has no sample after its warm-up`)
    return { verdict: 'pass', message: `${judged} samples of ${metric_name} are within bounds` }
  },
})

async function read(path: string): Promise<z.infer<typeof answer>['data']['result']> {
  try {
    return answer.parse(JSON.parse(await readFile(path, 'utf8'))).data.result
  } catch (error) {
    throw new UserError(`${path} is no answer of Prometheus: ${messageOf(error)}`, { cause: error })
  }
}
