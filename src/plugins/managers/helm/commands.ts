/** The words of helm commands. */
import { helmOptions } from '../../kubernetes/helm.ts'
import type { Properties } from './index.ts'

const optionsOf = (given: Properties): string[] =>
  helmOptions({
    namespace: given.namespace,
    timeoutMs: given['helm.install.timeout'],
    debug: given['helm.install.debug'],
  })

export function installCommand(chart: string, given: Properties): string[] {
  const file = given['helm.install.values.file']
  const files = file === undefined ? given['helm.install.values'] : [file]
  const version = given['helm.chart.version']
  return [
    'helm',
    'install',
    given['helm.install.name'],
    chart,
    ...optionsOf(given),
    ...(given['helm.install.dependency_update'] ? ['--dependency-update'] : []),
    ...(version === undefined ? [] : [`--version=${version}`]),
    ...files.map((values) => `--values=${values}`),
    ...given['helm.install.set'].map((value) => `--set=${value}`),
    ...given['helm.install.set_string'].map((value) => `--set-string=${value}`),
  ]
}

export const uninstallCommand = (given: Properties): string[] => [
  'helm',
  'uninstall',
  given['helm.install.name'],
  ...optionsOf(given),
  '--ignore-not-found',
]

/** It fails when there is no such release. */
export const statusCommand = (release: string, namespace: string | undefined): string[] => [
  'helm',
  'status',
  release,
  ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
]
