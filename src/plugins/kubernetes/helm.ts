/** What all helm commands have in common. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Node } from '../../plugin/node.ts'

/** Name of a release, as helm takes it. */
export const releaseName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    error: 'is no name of a release: lower-case letters, digits, - and . only',
  })

/** What helm gets beyond its own timeout before it is stopped, in ms. */
export const HELM_GRACE_MS = 30_000

/** Environment by which repositories and caches of helm are the run's own, and go with it. */
export const helmHome = ({ scratch }: Node): Readonly<Record<string, string>> => ({
  HELM_CONFIG_HOME: join(scratch, 'helm/config'),
  HELM_CACHE_HOME: join(scratch, 'helm/cache'),
  HELM_DATA_HOME: join(scratch, 'helm/data'),
})

export interface HelmOptions {
  readonly namespace?: string | undefined
  readonly timeoutMs: number
  readonly debug: boolean
}

/** Options of whatever waits for its end. */
export const helmOptions = ({ namespace, timeoutMs, debug }: HelmOptions): string[] => [
  ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
  '--wait',
  `--timeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}s`,
  ...(debug ? ['--debug'] : []),
]
