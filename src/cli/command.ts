/** What a command is: data first, code last. One file for each verb exports `command`; commands.ts lists them. */
import { parseDuration } from '../base/duration.ts'
import { UserError } from '../base/errors.ts'
import type { Need } from '../plugin/need.ts'
import type { Registry } from '../plugin/registry.ts'

/** A word on the command line. */
export interface ArgumentSpec {
  readonly summary: string
  readonly optional?: true
  /** Takes all words that are left. */
  readonly many?: true
}

/** `--name`, or `--name <value>`; with `many` it may be repeated. */
export interface OptionSpec {
  readonly summary: string
  /** Name of its value in the help; without it the option is a flag. */
  readonly value?: string
  /** One letter: `p` gives `-p`. */
  readonly short?: string
  readonly many?: true
}

type ArgumentValue<A extends ArgumentSpec> = A extends { many: true }
  ? readonly string[]
  : A extends { optional: true }
    ? string | undefined
    : string

type OptionValue<O extends OptionSpec> = O extends { value: string }
  ? O extends { many: true }
    ? readonly string[]
    : string | undefined
  : boolean

/** What was typed: arguments and options by name; a flag is a boolean, a repeatable option an array. */
export type Values<A extends Record<string, ArgumentSpec>, O extends Record<string, OptionSpec>> = {
  readonly [K in keyof A]: ArgumentValue<A[K]>
} & { readonly [K in keyof O]: OptionValue<O[K]> }

export interface CommandContext {
  /** `--json` was given: print one object, and nothing else, on standard output. */
  readonly json: boolean
  /** Aborts at the first INT, TERM or HUP, with a sentence; a second one ends the process at once. */
  readonly signal: AbortSignal
  /** All components; loaded at the first call. */
  readonly registry: () => Promise<Registry>
  /** The result: one line or many on standard output. */
  readonly print: (text: string) => void
  /** One object on standard output. A bigint becomes a number where that is exact, else a decimal string. */
  readonly printJson: (value: unknown) => void
  /** Progress: a line on standard error. */
  readonly progress: (line: string) => void
}

export interface CommandSpec<
  A extends Record<string, ArgumentSpec> = Record<string, ArgumentSpec>,
  O extends Record<string, OptionSpec> = Record<string, OptionSpec>,
> {
  /** In the order in which they are typed. */
  readonly arguments: A
  /** In camelCase; `outFile` is typed as `--out-file`. `--json` and `--help` need not be declared. */
  readonly options: O
  /** What it needs of this host beyond Quarry itself; `quarry doctor` looks. */
  readonly needs?: readonly Need[]
  /** Paragraphs below the options in the help. */
  readonly details?: string
  /** Gives the exit code: see `exitCodes`. */
  run(values: Values<A, O>, context: CommandContext): Promise<number>
}

/** A command with the types of its values forgotten: the command line has been parsed by its own declarations. */
export type AnyCommand = CommandSpec

/** Infers the types of the values that `run` is given. */
export const defineCommand = <
  const A extends Record<string, ArgumentSpec>,
  const O extends Record<string, OptionSpec>,
>(
  spec: CommandSpec<A, O>,
): AnyCommand => spec as unknown as AnyCommand

/** `--out-file` for `outFile`. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Milliseconds of an option such as `--window 4s`. A UserError when it is none, with `such` as what would be. */
export function durationOption(flag: string, text: string, such: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return milliseconds
  throw new UserError(`${flag} ${text}: not a duration`, { remedy: `such as ${such}` })
}

/** The option `-p name=value`, as every command on a definition takes it. */
export const parameterOption = {
  short: 'p',
  value: 'name=value',
  many: true,
  summary: 'set a parameter of the templates, or a property such as load/threads; may be repeated',
} as const satisfies OptionSpec

/** `name=value` pairs as an object; the last one of a name wins. Throws a UserError for a pair without `=`. */
export function parseParameters(pairs: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const pair of pairs) {
    const split = pair.indexOf('=')
    if (split <= 0) {
      throw new UserError(`-p ${pair}: expected name=value`, { remedy: 'quarry run FILE -p dir=/srv/data' })
    }
    Object.defineProperty(parameters, pair.slice(0, split), {
      value: pair.slice(split + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return parameters
}
