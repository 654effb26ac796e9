/** Configurations of kernels: fragments, and what became of them. */
import { UserError, type Problem } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import type { InputFile } from './description.ts'

interface Assignment {
  readonly option: string
  /** As it stands in a `.config`; `n` for one that is not set. */
  readonly value: string
  readonly file: string
  readonly line: number
}

/** What a fragment says, its comments left out. Throws a UserError for lines that mean nothing. */
export function assignmentsOf(fragments: readonly InputFile[]): Assignment[] {
  const assignments: Assignment[] = []
  const problems: Problem[] = []
  for (const { path, text } of fragments) {
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.trim()
      const set = /^(CONFIG_\w+)=(.+)$/.exec(line)
      const unset = /^# (CONFIG_\w+) is not set$/.exec(line)
      const option = set?.[1] ?? unset?.[1]
      if (option !== undefined) {
        assignments.push({ option, value: set?.[2] ?? 'n', file: path, line: index + 1 })
      } else if (line !== '' && !line.startsWith('#')) {
        problems.push({
          file: path,
          line: index + 1,
          column: 1,
          message: `\`${line.slice(0, 60)}\` is no line of a kernel's configuration`,
          hint: 'such as `CONFIG_EXT4_FS=y` or `# CONFIG_SWAP is not set`',
        })
      }
    }
  }
  if (problems.length > 0) throw fragmentError(problems)
  return assignments
}

/** The lines to append to a `.config`: the last word on each option. */
export const configText = (assignments: readonly Assignment[]): string =>
  [...lastWords(assignments).values()].map((one) => `${lineOf(one)}\n`).join('')

const lineOf = ({ option, value }: Assignment): string =>
  value === 'n' ? `# ${option} is not set` : `${option}=${value}`

const lastWords = (assignments: readonly Assignment[]): ReadonlyMap<string, Assignment> =>
  new Map(assignments.map((one) => [one.option, one]))

/**
 * Compares a finished `.config` with what the fragments said, for the kernel's own configurator drops without a word
 * what does not fit. `kconfigs` are the Kconfig files of the source, from which the reason is told. Throws a UserError
 * that names each option that is missing or has another value, at its line.
 */
export function checkConfig(
  assignments: readonly Assignment[],
  finished: string,
  kconfigs: () => readonly string[],
): void {
  const values = new Map(
    [...finished.matchAll(/^(CONFIG_\w+)=(.*)$/gm)].map(([, option = '', value = '']) => [option, value]),
  )
  const dropped = [...lastWords(assignments).values()].filter(
    ({ option, value }) => (values.get(option) ?? 'n') !== value,
  )
  if (dropped.length === 0) return
  const texts = kconfigs()
  throw fragmentError(
    dropped.map((one) => {
      const { option, value, file, line } = one
      const now = values.get(option)
      const message = `the kernel does not keep ${option}=${value}: it is ${now === undefined ? 'not set' : `\`${now}\``}`
      return { file, line, column: 1, message, hint: whyDropped(option, texts) }
    }),
  )
}

/** What Kconfig says of an option: that there is none, or on what it depends. */
function whyDropped(option: string, kconfigs: readonly string[]): string {
  const name = option.slice('CONFIG_'.length)
  const entry = new RegExp(`^(?:menu)?config ${name}\\n((?:(?:[ \\t].*)?\\n)*)`, 'm')
  const bodies = kconfigs.flatMap((text) => entry.exec(text)?.[1] ?? [])
  if (bodies.length === 0) {
    const names = kconfigs.flatMap((text) =>
      [...text.matchAll(/^(?:menu)?config (\w+)$/gm)].map(([, found = '']) => found),
    )
    // Others begin like it if it is only misspelt; there are too many to compare with all.
    const guess = nearest(
      name,
      names.filter((other) => other[0] === name[0] && Math.abs(other.length - name.length) < 3),
    )
    return `this source has no option ${option}${guess === undefined ? '' : `; did you mean CONFIG_${guess}?`}`
  }
  const depends = bodies.flatMap((body) =>
    [...body.matchAll(/^\s+depends on (.*)$/gm)].map(([, condition = '']) => condition),
  )
  const hidden = bodies.every((body) => !/^\s+(?:bool|tristate|int|string|hex|prompt)\b.*"/m.test(body))
  if (hidden) return 'it cannot be set by hand: other options select it'
  return depends.length === 0
    ? 'a menu around it, or another option that selects it, decides'
    : `it depends on ${depends.join(' and ')}`
}

const fragmentError = (problems: readonly Problem[]): UserError =>
  new UserError(
    problems.length === 1
      ? 'the configuration of the kernel has a problem'
      : `the configuration of the kernel has ${problems.length} problems`,
    { code: 'QUARRY_KERNEL_CONFIG', problems },
  )
