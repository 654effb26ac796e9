/** Runs a Kubernetes job to its end, saves the logs of its containers, and deletes it. */
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { sleep, throwIfAborted, withTimeout } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { UserError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { ModuleContext } from '../../../plugin/module.ts'
import { duration } from '../../../plugin/properties.ts'
import { saveLogs } from '../../kubernetes/container-logs.ts'
import { ask, kubectlCommand, type Kube } from '../../kubernetes/kubectl.ts'
import { objectsIn } from '../../kubernetes/manifest.ts'
import { parseJob, type JobState } from '../../kubernetes/objects.ts'
import { manifestModuleProperties, moduleManifest, operated } from '../../kubernetes/operated.ts'

const properties = z.strictObject({
  ...manifestModuleProperties,
  timeout: duration.prefault('30m').describe('a job that takes longer has failed'),
  capture_container_logs: z.boolean().default(true).describe('whether the logs of its containers are saved'),
  capture_previous_container_logs: z
    .boolean()
    .default(false)
    .describe('whether logs of the time before a container was started again are saved too'),
})
type Properties = z.infer<typeof properties>

/** Between two looks, in ms. */
const EVERY_MS = 1000

export default defineModule({
  id: 'kubernetes_job',
  summary: 'runs a Kubernetes job to its end and saves its logs; a job that fails is a failed operation',
  needs: [{ type: 'tool', name: 'kubectl', package: 'kubernetes-client' }],
  properties,
  lifetime: 'run_once',
  run: async (context, given) => {
    const manifest = await moduleManifest(context, given)
    const { kube } = manifest
    const job = jobIn(manifest.text, given.manifest)
    await operated(context, job, async () => {
      await using _deleted = await manifest.apply((present) => {
        // Its end would be taken for that of this one.
        if (present.some(({ kind }) => kind === 'Job')) throw new UserError(`there is a job ${job} already`)
      })
      const state = await untilEnded(kube, context, given, job)
      if (given.capture_container_logs) await saveLogsOf(kube, context, given, job)
      return state.type === 'complete' ? undefined : `job ${job} ${state.why}`
    })
  },
})

/** The name of the one job in a manifest; a UserError when there is none, or several. */
export function jobIn(text: string, manifest: string): string {
  const jobs = objectsIn(text).filter(({ kind }) => kind === 'Job')
  const [job] = jobs
  if (job !== undefined && jobs.length === 1) return job.metadata.name
  throw new UserError(`${manifest} must have exactly one Job in it, and has ${jobs.length}`)
}

async function untilEnded(
  kube: Kube,
  context: ModuleContext,
  { namespace, timeout }: Properties,
  job: string,
): Promise<Exclude<JobState, { type: 'active' }>> {
  const command = kubectlCommand(namespace, ['get', 'job', job, '--output=json'])
  const limit = timeout === 0 ? Number.POSITIVE_INFINITY : timeout
  using time = withTimeout(context.signal, limit, `job ${job} takes too long`)
  try {
    for (;;) {
      const state = parseJob(await ask(kube, time, command))
      if (state.type === 'failed') return { type: 'failed', why: `has failed: ${state.why}` }
      if (state.type === 'complete') return { type: 'complete' }
      await sleep(EVERY_MS, time.signal)
    }
  } catch (error) {
    throwIfAborted(context.signal)
    if (!time.signal.aborted) throw error
    context.log(`job ${job} has not ended within ${formatDuration(timeout)}`)
    return { type: 'failed', why: `has not ended within ${formatDuration(timeout)}` }
  }
}

/** What cannot be had is said in the log: it does not make the job one that failed. */
async function saveLogsOf(kube: Kube, context: ModuleContext, given: Properties, job: string): Promise<void> {
  const failures = await saveLogs(kube, context, {
    namespace: given.namespace,
    // The label that the controller of jobs gives to pods, under the name that all versions have.
    selector: `job-name=${job}`,
    previous: given.capture_previous_container_logs,
    directory: join(dirname(context.artifacts(kube.node)), 'job_logs'),
  })
  for (const failure of failures) context.log(failure)
}
