/**
 * Secrets of a run: values that properties may refer to, and that must never be seen in clear.
 *
 * They come from a file that only its owner can read and from the environment of Quarry; nothing writes them down.
 * Whatever a node says and whatever a run writes about itself goes through `mask`.
 */
import { UserError } from '../base/errors.ts'

export interface Secrets {
  /** Throws a UserError for one that there is not. */
  get(name: string): string
  /** The text with every secret replaced. */
  mask(text: string): string
  /** A mask for output that comes in pieces, where a secret may be cut in two. */
  maskStream(output: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  readonly isEmpty: boolean
}

const REDACTED = '<redacted>'

/** Shorter values would be found in any text. */
const SHORTEST = 4

/** Values by name; those of the environment by the name of their variable. */
export function createSecrets(values: Readonly<Record<string, string>>): Secrets {
  // The longest is replaced first: one secret may be part of another.
  const hidden = [...new Set(Object.values(values).flatMap(writtenAs))]
    .filter(({ length }) => length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
  const mask = (text: string): string =>
    hidden.reduce((masked, value) => masked.replaceAll(value, REDACTED), text)
  // Latin-1 has a character for every byte: what is not text comes through as it is.
  const bytes = hidden.map((value) => Buffer.from(value).toString('latin1'))
  const maskBytes = (text: string): string =>
    bytes.reduce((masked, value) => masked.replaceAll(value, REDACTED), text)
  return {
    isEmpty: hidden.length === 0,
    get: (name) => {
      const key = [name, environmentName(name)].find((candidate) => Object.hasOwn(values, candidate))
      const value = key === undefined ? undefined : values[key]
      if (value !== undefined) return value
      throw new UserError(`there is no secret called ${name}`, {
        code: 'QUARRY_SECRET',
        remedy: `put it into a file for --secrets, or into the environment as ${environmentName(name)}`,
      })
    },
    mask,
    maskStream: (output) => (bytes.length === 0 ? output : maskPieces(output, bytes, maskBytes)),
  }
}

/** Also as it stands in JSON, in a URL, and line by line. */
function writtenAs(value: string): string[] {
  const lines = value.split('\n').map((line) => line.trim())
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), ...lines]
}

/** What might be the beginning of a secret is held back until more has come. */
async function* maskPieces(
  output: AsyncIterable<Uint8Array>,
  values: readonly string[],
  mask: (text: string) => string,
): AsyncGenerator<Uint8Array> {
  let pending = ''
  for await (const chunk of output) {
    const text = mask(
      pending + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1'),
    )
    const held = Math.max(0, ...values.map((value) => overlap(text, value)))
    pending = text.slice(text.length - held)
    if (text.length > held) yield Buffer.from(text.slice(0, text.length - held), 'latin1')
  }
  if (pending !== '') yield Buffer.from(pending, 'latin1')
}

/** Length of the longest end of `text` with which `value` begins. */
function overlap(text: string, value: string): number {
  for (let length = Math.min(text.length, value.length - 1); length > 0; length -= 1) {
    if (value.startsWith(text.slice(text.length - length))) return length
  }
  return 0
}

const PREFIX = 'QUARRY_SECRET_'
const environmentName = (name: string): string => PREFIX + name.toUpperCase().replaceAll(/\W/g, '_')

/** Takes the secrets out of the environment: a process that Quarry starts has it from its parent. */
export function takeSecrets(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const found = Object.entries(environment).filter(([name]) => name.startsWith(PREFIX))
  for (const [name] of found) delete environment[name]
  return Object.fromEntries(found.map(([name, value = '']) => [name, value]))
}
