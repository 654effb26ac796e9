/** Where the secrets of a run come from: a file that only its owner can read, and the environment. */
import { readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'
import { UserError, messageOf } from '../base/errors.ts'
import { takeSecrets } from '../engine/secrets.ts'
import type { OptionSpec } from './command.ts'

export const secretsOption = {
  value: 'file',
  summary: 'YAML file of secrets, name: value, for <<secret:name>>; QUARRY_SECRET_NAME works as well',
} as const satisfies OptionSpec

/** Values by name. Throws a UserError for a file that others can read, or that is no map of texts. */
export function readSecrets(file: string | undefined): Readonly<Record<string, string>> {
  const found: Record<string, string> = { ...takeSecrets(process.env) }
  if (file === undefined) return found
  let given: unknown
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new UserError(`others can read the secrets in ${file}`, { remedy: `chmod 600 ${file}` })
    }
    given = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof UserError) throw error
    // What is wrong with it is not quoted: the line may be the secret.
    const why = error instanceof Error && 'code' in error ? messageOf(error) : 'it is not YAML'
    throw new UserError(`cannot read the secrets in ${file}: ${why}`, { cause: undefined })
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UserError(`the secrets in ${file} must be lines of \`name: value\``)
  }
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new UserError(`the secret ${name} in ${file} must be a text`)
    }
    found[name] = String(value)
  }
  return found
}
