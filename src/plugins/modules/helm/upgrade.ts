/** The words of a helm upgrade. */
import { helmOptions } from '../../kubernetes/helm.ts'
import { documentOf } from '../../kubernetes/set-values.ts'

export interface Upgrade {
  readonly 'helm.install.name': string
  readonly 'helm.install.values.yaml': Readonly<Record<string, unknown>>
  readonly 'helm.chart.version'?: string | undefined
  readonly namespace?: string | undefined
  readonly 'helm.install.timeout': number
  readonly 'helm.install.debug': boolean
}

/** The values come on standard input, as `upgradeValues` has them. */
export function upgradeCommand(chart: string, installedIn: string | undefined, given: Upgrade): string[] {
  const version = given['helm.chart.version']
  return [
    'helm',
    'upgrade',
    given['helm.install.name'],
    chart,
    '--reuse-values',
    ...helmOptions({
      namespace: given.namespace ?? installedIn,
      timeoutMs: given['helm.install.timeout'],
      debug: given['helm.install.debug'],
    }),
    ...(version === undefined ? [] : [`--version=${version}`]),
    '--values=-',
  ]
}

/** As JSON, which is YAML: a text stays a text and a list a list. */
export const upgradeValues = (given: Upgrade): string =>
  JSON.stringify(documentOf(given['helm.install.values.yaml']))
