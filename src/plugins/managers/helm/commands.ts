/** The words of helm commands. */
import { join } from 'node:path'
import { helmOptions } from '../../kubernetes/helm.ts'
import { isText, protectedText, setValues, unprotected } from '../../kubernetes/set-values.ts'
import type { Properties } from './index.ts'

const optionsOf = (given: Properties): string[] =>
  helmOptions({
    namespace: given.namespace,
    timeoutMs: given['helm.install.timeout'],
    debug: given['helm.install.debug'],
  })

/** A file that an option of a command names. */
export interface OptionFile {
  readonly path: string
  readonly content: string
}

/** Words of options, and the files that they name. */
export interface SetOptions {
  readonly words: readonly string[]
  readonly files: readonly OptionFile[]
}

/**
 * The options for single values: texts in files of a directory, and only what is no text in the words themselves. A file of
 * values would do for those as well, but before 3.18 helm reads its numbers as fractions.
 */
export function setOptions(given: Properties, directory: string): SetOptions {
  const kinds = [
    ['--set', given['helm.install.set'], isText],
    ['--set-string', given['helm.install.set_string'], (value: string) => !value.startsWith('{')],
  ] as const
  const files: OptionFile[] = []
  const words = kinds.flatMap(([option, all, goesInFile]) =>
    all.flatMap((argument) => {
      const values = setValues(argument)
      if (values === undefined) return [`${option}=${argument}`]
      return values.map(({ key, value }) => {
        if (!goesInFile(value)) return `${option}=${key}=${value}`
        const path = join(directory, `${given['helm.install.name']}.set-${files.length}`)
        files.push({ path, content: unprotected(value) })
        return `--set-file=${key}=${protectedText(path)}`
      })
    }),
  )
  return { words, files }
}

export function installCommand(chart: string, given: Properties, { words }: SetOptions): string[] {
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
    ...words,
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
