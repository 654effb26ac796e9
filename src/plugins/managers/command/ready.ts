/** Waiting until a service serves. */
import { sleep } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { TargetError } from '../../../base/errors.ts'
import type { Node } from '../../../plugin/node.ts'
import { invocationOf } from '../../scripts/invocation.ts'
import { checkAlive } from './service.ts'

/** Between two attempts, and for one of them, in ms. */
const EVERY_MS = 150
const ATTEMPT_MS = 15_000

export interface Readiness {
  readonly service: string
  readonly ready?: string | undefined
  readonly port?: number | undefined
  readonly timeout: number
}

/** Resolves when the script succeeds, or the port takes a connection; a TargetError says why it does not. */
export async function untilReady(
  node: Node,
  given: Readiness,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const { service, port, timeout } = given
  const script = given.ready ?? (port === undefined ? undefined : `: <"/dev/tcp/${node.address}/${port}"`)
  if (script === undefined) return
  const { command, env: handed } = await invocationOf(script, node)
  const began = performance.now()
  for (;;) {
    await checkAlive(node, service)
    const attempt = await node.run(command, { signal, env: { ...env, ...handed }, timeoutMs: ATTEMPT_MS })
    if (attempt.ok) return
    const elapsed = performance.now() - began
    if (timeout > 0 && elapsed > timeout) {
      const said = `${attempt.stdout}${attempt.stderr}`.trim().split('\n').slice(-3).join('\n')
      throw new TargetError(
        `${service} on ${node.name} is not ready after ${formatDuration(timeout)}${said === '' ? '' : `:\n${said}`}`,
        { code: 'QUARRY_NOT_READY' },
      )
    }
    await sleep(EVERY_MS, signal)
  }
}
