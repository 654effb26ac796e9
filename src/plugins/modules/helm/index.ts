/** Changes values of a Helm release while the workload goes on. */
import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { UserError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration, nodeGroup } from '../../../plugin/properties.ts'
import { helmHome, HELM_GRACE_MS, releaseName } from '../../kubernetes/helm.ts'
import { kubeOf, namespace, tell } from '../../kubernetes/kubectl.ts'
import { operated } from '../../kubernetes/operated.ts'
import { upgradeCommand, upgradeValues } from './upgrade.ts'

const properties = z.strictObject({
  'helm.install.name': releaseName.describe('release, as the manager `helm` has it'),
  'helm.install.values.yaml': z
    .record(z.string().min(1), z.unknown())
    .describe('values by key, such as `server.replicas: 3`'),
  'helm.chart.version': z
    .string()
    .min(1)
    .optional()
    .describe('version of the chart to upgrade to, for one from a repository; the latest when left out'),
  namespace: namespace.describe('namespace of the release; that of the manager when left out'),
  target_group: nodeGroup('server').describe('node group whose manager installed it'),
  delay: duration.optional().describe('how long to wait first'),
  'helm.install.timeout': duration.prefault('5m').describe('until everything of the chart is ready'),
  'helm.install.debug': z.boolean().default(false).describe('whether helm says all that it does'),
})

export default defineModule({
  id: 'helm',
  summary: 'changes values of a Helm release: helm upgrade, with the values that it has for the rest',
  needs: [{ type: 'program', name: 'helm', remedy: 'get it from https://helm.sh' }],
  properties,
  lifetime: 'run_once',
  run: async (context, given) => {
    const { target_group: group, 'helm.install.name': release } = given
    const kube = kubeOf(context.group(group), group)
    const installed = context.providers(kube.node)[release]
    const chart = installed?.['chart']
    if (chart === undefined) {
      throw new UserError(`no manager \`helm\` of node group ${group} has installed the release ${release}`)
    }
    if (given.delay !== undefined) await sleep(given.delay, context.signal)
    const command = upgradeCommand(chart, installed?.['namespace'], given)
    const options = {
      env: helmHome(kube.node),
      timeoutMs: given['helm.install.timeout'] + HELM_GRACE_MS,
      // What is secret in them is on no disk and in no process list.
      input: upgradeValues(given),
    }
    await operated(context, given['helm.install.values.yaml'], async () => {
      await tell(kube, context, command, options)
      return undefined
    })
  },
})
