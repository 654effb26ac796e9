/** A Helm chart, installed for as long as the node group is configured. */
import { rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { defineManager } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { ensureNamespace } from '../../kubernetes/deploy.ts'
import { helmHome, HELM_GRACE_MS, releaseName } from '../../kubernetes/helm.ts'
import { KUBE, kubeOf, namespace, tell } from '../../kubernetes/kubectl.ts'
import { givenProvider, providerProperties } from '../../kubernetes/provider.ts'
import { bringChart } from './chart.ts'
import { installCommand, setOptions, statusCommand, uninstallCommand } from './commands.ts'

const words = z.array(z.string().min(1)).default([])

const properties = z
  .strictObject({
    'helm.install.type': z
      .enum(['repo', 'git'])
      .describe('where the chart is: a repository of charts, or of git'),
    'helm.install.name': releaseName.describe('name of the release'),
    'helm.repo.name': z
      .string()
      .regex(/^[\w.-]+$/)
      .optional()
      .describe('name for the repository of charts, the first part of helm.chart.name'),
    'helm.repo.url': z.string().min(1).optional().describe('its address'),
    'helm.repo.username': z.string().min(1).optional().describe('user of a private one'),
    'helm.repo.password': z.string().min(1).optional().describe('password, such as `<<secret:charts>>`'),
    'helm.chart.name': z
      .string()
      .min(1)
      .optional()
      .describe('the chart: `name`, `repository/name`, an `oci://` address or a path'),
    'helm.chart.version': z
      .string()
      .min(1)
      .optional()
      .describe('version of the chart; the latest when left out'),
    'git.repository': z
      .string()
      .min(1)
      .optional()
      .describe('address of the git repository, or `owner/name` on GitHub'),
    'git.branch': z.string().min(1).default('master').describe('branch, tag or commit'),
    'git.chart.location': z.string().min(1).optional().describe('path of the chart in the git repository'),
    namespace,
    'helm.install.values.file': z
      .string()
      .min(1)
      .optional()
      .describe('file of values, such as `<<file:values.yaml>>`'),
    'helm.install.values': words.describe('several such files, or addresses, of which a later one wins'),
    'helm.install.set': words.describe(
      'values, `key=value`; of these only numbers, truth values and lists stand in the list of processes',
    ),
    'helm.install.set_string': words.describe('values that are text whatever they look like, `key=value`'),
    'helm.install.timeout': duration.prefault('5m').describe('until everything of the chart is ready'),
    'helm.install.debug': z.boolean().default(false).describe('whether helm says all that it does'),
    'helm.install.dependency_update': z
      .boolean()
      .default(false)
      .describe('whether charts that this one depends on are fetched first'),
    ...providerProperties,
  })
  .superRefine((given, context) => {
    const needed = {
      repo: ['helm.chart.name'],
      git: ['git.repository', 'git.chart.location'],
    } as const
    for (const key of needed[given['helm.install.type']]) {
      if (given[key] !== undefined) continue
      const message = `${given['helm.install.type']} needs ${key}`
      context.addIssue({ code: 'custom', message, path: ['helm.install.type'] })
    }
    if (given['helm.install.values.file'] !== undefined && given['helm.install.values'].length > 0) {
      const message = 'give either helm.install.values.file or helm.install.values'
      context.addIssue({ code: 'custom', message, path: ['helm.install.values.file'] })
    }
    if (given['helm.repo.url'] !== undefined && given['helm.repo.name'] === undefined) {
      context.addIssue({ code: 'custom', message: 'it needs helm.repo.name', path: ['helm.repo.url'] })
    }
  })
export type Properties = z.infer<typeof properties>

export default defineManager({
  id: 'helm',
  summary: 'a Helm chart, from a repository of charts or of git: installed, and uninstalled on the way down',
  needs: [
    { type: 'tool', name: 'kubectl', package: 'kubernetes-client' },
    { type: 'program', name: 'helm', remedy: 'get it from https://helm.sh' },
  ],
  properties,
  provides: ['helm'],
  requires: [KUBE],
  configure: async (context, given) => {
    const kube = kubeOf(context.nodes, context.name)
    const { 'helm.install.name': release, namespace: where } = given
    const env = helmHome(kube.node)
    await ensureNamespace(kube, context, where)
    // One of that name that is there already is not ours: neither to take over, nor to uninstall.
    const present = await kube.node.run(statusCommand(release, where), { signal: context.signal, env })
    if (present.ok) throw new UserError(`there is a Helm release called ${release} already`)
    const chart = await bringChart(kube, context, given)
    const named = where === undefined ? {} : { namespace: where }
    const { kubeconfig } = kube
    await context.ledger.record({ type: 'helm-release', kubeconfig, release, ...named })
    const timeoutMs = given['helm.install.timeout'] + HELM_GRACE_MS
    const set = setOptions(given, kube.directory)
    try {
      // The ledger has their directory.
      for (const { path, content } of set.files) await writeFile(path, content, { mode: 0o600 })
      await tell(kube, context, installCommand(chart, given, set), { env, timeoutMs })
    } finally {
      for (const { path } of set.files) await rm(path, { force: true })
    }
    const info = { release, chart, ...named }
    for (const node of context.nodes) context.provide(node, release, info)
    for (const { node, name, info: told } of givenProvider(given, context.nodes))
      context.provide(node, name, told)
  },
  unconfigure: async (context, given) => {
    const kube = kubeOf(context.nodes, context.name)
    const timeoutMs = given['helm.install.timeout'] + HELM_GRACE_MS
    await tell(kube, context, uninstallCommand(given), { env: helmHome(kube.node), timeoutMs })
  },
})
