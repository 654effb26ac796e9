/** A script that goes on in the background of a node, from the start of its service to the stop. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { TargetError } from '../../../base/errors.ts'
import type { Node, RunningCommand } from '../../../plugin/node.ts'
import { invocationOf } from '../../scripts/invocation.ts'

interface Service {
  running: RunningCommand
  stopped: boolean
}

/** By node and name. One that an earlier run left is not here: it is found by its pid file. */
const services = new WeakMap<Node, Map<string, Service>>()

/** Pause before a service that ended is started again, in ms. */
const RESTART_MS = 1000

/** The log of a service, on the node. */
export const logOf = (node: Node, service: string): string => join(node.artifacts, `${service}.log`)

const pidFile = (node: Node, service: string): string => join(node.scratch, `.${service}.pid`)

export interface ServiceStart {
  readonly node: Node
  readonly given: { readonly service: string; readonly restart: boolean }
  readonly script: string
  readonly env: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

/** Starts it. It writes to its log itself, so that it does not depend on whoever started it. */
export async function startService({ node, given, script, env, log }: ServiceStart): Promise<void> {
  const { service: name, restart } = given
  const { command, env: handed } = await invocationOf(script, node)
  const open = 'echo $$ >"$1"; log=$2; shift 2; exec "$@" >>"$log" 2>&1'
  const words = ['sh', '-c', open, 'sh', pidFile(node, name), logOf(node, name), ...command]
  const start = (): Promise<RunningCommand> =>
    // It may be kept for a later run.
    node.spawn(words, { env: { ...env, ...handed }, outlives: true })
  const service: Service = { running: await start(), stopped: false }
  services.set(node, (services.get(node) ?? new Map<string, Service>()).set(name, service))
  const watch = async (): Promise<void> => {
    for (;;) {
      const { exitCode, signal } = await service.running.done
      if (service.stopped) return
      log(`${node.name}: ${name} ended by itself, with ${signal ?? `status ${exitCode}`}`)
      if (!restart) return
      await pause(RESTART_MS)
      if (service.stopped) return
      service.running = await start()
      log(`${node.name}: ${name} is started again`)
    }
  }
  // A service that cannot be started again is one that has ended.
  watch().catch((error: unknown) => log(`${node.name}: ${name}: ${String(error)}`))
}

/** Throws a TargetError, with the last lines of its log, when a service that should run has ended. */
export async function checkAlive(node: Node, name: string): Promise<void> {
  const service = services.get(node)?.get(name)
  if (service === undefined) return
  const ended = await Promise.race([service.running.done, Promise.resolve(undefined)])
  if (ended === undefined) return
  const { stdout } = await node.run(['tail', '-n', '8', logOf(node, name)])
  const how = ended.signal ?? `status ${ended.exitCode}`
  throw new TargetError(
    `${name} on ${node.name} ended with ${how} before it was ready:\n${stdout.trimEnd()}`,
    {
      code: 'QUARRY_SERVICE_ENDED',
    },
  )
}

/** Ends it with all that it started: TERM, then KILL. One that an earlier run left is ended by its process group. */
export async function stopService(node: Node, name: string): Promise<void> {
  const service = services.get(node)?.get(name)
  if (service !== undefined) {
    service.stopped = true
    services.get(node)?.delete(name)
    await service.running.stop()
    return
  }
  const end = `
    pid=$(cat "$1" 2>/dev/null) || exit 0
    kill -TERM -- -"$pid" 2>/dev/null
    for i in $(seq 30); do kill -0 -- -"$pid" 2>/dev/null || exit 0; sleep 0.1; done
    kill -KILL -- -"$pid" 2>/dev/null || true`
  await node.run(['sh', '-c', end, 'sh', pidFile(node, name)])
}
