/** Properties by which a sampler shows a server who it is. Secrets come from the environment, never the definition. */
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'is no name of an environment variable' })

/** Spread into the properties of a sampler. */
export const authentication = {
  headers: z.record(z.string(), z.string()).default({}).describe('headers that are no secrets, by name'),
  headersFrom: z
    .record(z.string(), variable)
    .default({})
    .describe('environment variables of Quarry whose values are sent as headers, by name of the header'),
  bearerTokenFrom: variable
    .optional()
    .describe('environment variable of Quarry whose value is sent as bearer token'),
} as const

export interface Authentication {
  readonly headers: Readonly<Record<string, string>>
  readonly headersFrom: Readonly<Record<string, string>>
  readonly bearerTokenFrom?: string | undefined
}

/** The headers to send. Throws a UserError for a variable that is not set. */
export function authenticationHeaders(
  { headers, headersFrom, bearerTokenFrom }: Authentication,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const secret = (name: string): string => {
    const value = environment[name]
    if (value !== undefined && value !== '') return value
    throw new UserError(`the environment variable ${name} is not set`, {
      code: 'QUARRY_SECRET',
      remedy: `set it for Quarry: ${name}=... quarry run ...`,
    })
  }
  const secrets = Object.entries(headersFrom).map(([name, from]) => [name, secret(from)])
  const token = bearerTokenFrom === undefined ? {} : { Authorization: `Bearer ${secret(bearerTokenFrom)}` }
  return { ...headers, ...Object.fromEntries(secrets), ...token }
}
