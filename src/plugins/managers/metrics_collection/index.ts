/** Metrics of a Prometheus server over the time of the run, as files that artifact checkers judge. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { TargetError, messageOf } from '../../../base/errors.ts'
import { defineManager } from '../../../plugin/define.ts'
import type { ManagerContext } from '../../../plugin/manager.ts'
import { duration } from '../../../plugin/properties.ts'
import { kubeOf, namespace } from '../../kubernetes/kubectl.ts'
import { forwardPort } from '../../kubernetes/port-forward.ts'
import { queryRange, stepOf } from './query-range.ts'
import { startOfRun } from './run-start.ts'

const properties = z
  .strictObject({
    metrics_to_collect: z
      .array(z.string().min(1))
      .min(1)
      .describe('metrics by name, or PromQL; each gives `metrics/<metric>.json` of the node group'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('address of the Prometheus server, where Quarry can reach it'),
    token: z.string().min(1).optional().describe('bearer token for it, such as `<<secret:prometheus>>`'),
    namespace: namespace.describe('namespace of the service of Prometheus'),
    prometheus_service: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: 'is no name of a service' })
      .optional()
      .describe('service of Prometheus in the Kubernetes cluster of the group, reached by a port-forward'),
    prometheus_service_port: z.int().min(1).max(65_535).default(9090).describe('port of that service'),
    step: duration.prefault('15s').describe('time between two samples; longer when a run gives too many'),
  })
  .refine((given) => (given.url === undefined) !== (given.prometheus_service === undefined), {
    error: 'needs either a `url` or a `prometheus_service`',
  })
type Properties = z.infer<typeof properties>

export default defineManager({
  id: 'metrics_collection',
  summary: 'metrics of a Prometheus server over the time of the run, among the artifacts',
  needs: [],
  properties,
  provides: [],
  requires: [],
  prepareArtifacts: async (context, given) => {
    const [first] = context.nodes
    if (first === undefined) return
    if (given.url !== undefined) return collect(context, given, given.url)
    const kube = kubeOf(context.nodes, context.name)
    const { namespace: where, prometheus_service: service = '', prometheus_service_port: port } = given
    await using forwarded = await forwardPort(kube, context, { namespace: where, service, port })
    await collect(context, given, forwarded.url)
  },
})

/** All of them, whatever becomes of one; a TargetError when some could not be had. */
async function collect(context: ManagerContext, given: Properties, url: string): Promise<void> {
  const [node] = context.nodes
  if (node === undefined) return
  const directory = join(dirname(context.artifacts(node)), 'metrics')
  await mkdir(directory, { recursive: true })
  const endMs = Date.now()
  const startMs = await startOfRun(context.environment(node)['QUARRY_RUN_DIRECTORY'] ?? '')
  const stepMs = stepOf(startMs, endMs, given.step)
  const failures: string[] = []
  for (const metric of given.metrics_to_collect) {
    const query = { url, token: given.token, query: metric, startMs, endMs, stepMs }
    try {
      const { text, series } = await queryRange(query, context.signal)
      await writeFile(join(directory, `${fileNameOf(metric)}.json`), text)
      context.log(`${metric}: ${series} series`)
    } catch (error) {
      throwIfAborted(context.signal)
      failures.push(`${metric}: ${messageOf(error)}`)
    }
  }
  for (const failure of failures) context.log(failure)
  if (failures.length > 0) {
    throw new TargetError(`metrics could not be collected: ${failures.join('; ')}`, {
      code: 'QUARRY_METRICS',
    })
  }
}

/** A metric's name is one; of PromQL what cannot stand in a file name is replaced. */
const fileNameOf = (metric: string): string => metric.replaceAll(/[^\w:.-]+/g, '_').slice(0, 200)
