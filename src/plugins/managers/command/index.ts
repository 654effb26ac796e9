/** A system that scripts install, configure, start and stop: what every other manager can be written as. */
import { z } from 'zod'
import { EnvironmentError, TargetError } from '../../../base/errors.ts'
import { defineManager } from '../../../plugin/define.ts'
import type { ManagerContext } from '../../../plugin/manager.ts'
import type { Node } from '../../../plugin/node.ts'
import { duration } from '../../../plugin/properties.ts'
import { clockEnvironment, clockFile, clockNeed, moveClock } from '../../faults/movable-clock.ts'
import { invocationOf } from '../../scripts/invocation.ts'
import { collectFiles } from './collect.ts'
import { untilReady } from './ready.ts'
import { logOf, startService, stopService } from './service.ts'

const script = z.string().min(1)

const properties = z.strictObject({
  service: z
    .string()
    .regex(/^[\w.-]{1,50}$/)
    .default('service')
    .describe('its name: of its log, and of the provider that tells its port'),
  tools: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'programs that it needs, each with its Debian package: they are installed before the run where possible',
    ),
  install: script.optional().describe('script that puts the system on a node'),
  configure: script.optional().describe('script that makes it ready to be started'),
  serve: script
    .optional()
    .describe(
      'script that goes on for as long as the service does; its output is in the artifacts, <service>.log',
    ),
  start: script
    .optional()
    .describe('script that starts it and ends, for what goes on in the background by itself'),
  ready: script.optional().describe('script that succeeds when it serves; tried until it does'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('TCP port at which it serves; without `ready`, it is ready when it takes a connection there'),
  stop: script
    .optional()
    .describe('script that stops it; `serve` is ended after that, with TERM and then KILL'),
  uninstall: script.optional().describe('script that takes it off the node'),
  restart: z.boolean().default(false).describe('whether `serve` is started again when it ends by itself'),
  one_by_one: z
    .boolean()
    .default(false)
    .describe('whether a node is started only when the one before it serves'),
  env: z.record(z.string(), z.string()).default({}).describe('environment variables of all scripts'),
  movable_clock: z
    .boolean()
    .default(false)
    .describe(
      'whether its processes take the time from a clock of their node, which the module `clock-skew` can move',
    ),
  timeout: duration.prefault('10m').describe('time for each script, and until it is ready'),
  collect: z
    .array(z.string().min(1))
    .default([])
    .describe('files to keep: patterns of the shell, seen from the scratch directory'),
})
export type Properties = z.infer<typeof properties>

export default defineManager({
  id: 'command',
  summary: 'a system that scripts install, configure, start and stop',
  needs: [{ type: 'tool', name: 'bash', package: 'bash' }],
  needsFor: ({ tools, movable_clock: movable }) => [
    ...Object.entries(tools).map(([name, debian]) => ({ type: 'tool' as const, name, package: debian })),
    ...(movable ? [clockNeed] : []),
  ],
  properties,
  provides: ['command'],
  requires: [],
  configure: async (context, given) => {
    await onEach(context, async (node) => {
      await checkTools(node, given.movable_clock ? { ...given.tools, faketime: 'faketime' } : given.tools)
      if (given.movable_clock) {
        // It stands until the processes that have the clock are gone.
        await context.ledgerOf(node).record({ type: 'clock', path: clockFile(node) })
        await moveClock(node, 0)
      }
      await runScript(context, node, 'install', given)
      await runScript(context, node, 'configure', given)
    })
  },
  start: async (context, given) => {
    const startOn = async (node: Node): Promise<void> => {
      if (given.serve !== undefined) {
        await startService({
          node,
          given,
          script: given.serve,
          env: environmentOf(context, node, given),
          log: (line) => context.log(line),
        })
      }
      await runScript(context, node, 'start', given)
      await untilReady(node, given, environmentOf(context, node, given), context.signal)
      const port = given.port === undefined ? {} : { port: String(given.port) }
      context.provide(node, given.service, { address: node.address, ...port })
      context.log(`${node.name}: ${given.service} serves`)
    }
    if (!given.one_by_one) return onEach(context, startOn)
    for (const node of context.nodes) await startOn(node)
  },
  stop: (context, given) =>
    onEach(context, async (node) => {
      await runScript(context, node, 'stop', given)
      await stopService(node, given.service)
    }),
  unconfigure: (context, given) => onEach(context, (node) => runScript(context, node, 'uninstall', given)),
  collectArtifacts: (context, given) =>
    onEach(context, (node) => collectFiles(node, given.collect, context.signal)),
})

const environmentOf = (context: ManagerContext, node: Node, given: Properties) => {
  const { service, env, movable_clock: movable } = given
  return {
    ...context.environment(node),
    QUARRY_SERVICE: service,
    QUARRY_SERVICE_LOG: logOf(node, service),
    ...(movable ? clockEnvironment(node) : {}),
    ...env,
  }
}

/** Throws an EnvironmentError that names the packages of those that a node lacks. */
async function checkTools(node: Node, tools: Properties['tools']): Promise<void> {
  const script = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done'
  const { stdout } = await node.run(['sh', '-c', script, 'sh', ...Object.keys(tools)])
  const missing = stdout.split('\n').filter((line) => line !== '')
  if (missing.length === 0) return
  const packages = [...new Set(missing.map((name) => tools[name] ?? name))]
  throw new EnvironmentError(`${node.name} lacks ${missing.join(', ')}`, {
    code: 'QUARRY_NOT_FOUND',
    remedy: `apt-get install -y ${packages.join(' ')}`,
  })
}

/** On all nodes at once; the others are waited for when one fails. */
async function onEach(context: ManagerContext, act: (node: Node) => Promise<void>): Promise<void> {
  const settled = await Promise.allSettled(context.nodes.map(act))
  for (const one of settled) if (one.status === 'rejected') throw one.reason
}

/** Runs one of the scripts, if it is given; a TargetError with its last lines when it fails. */
async function runScript(
  context: ManagerContext,
  node: Node,
  which: 'install' | 'configure' | 'start' | 'stop' | 'uninstall',
  given: Properties,
): Promise<void> {
  const text = given[which]
  if (text === undefined) return
  const { command, env } = await invocationOf(text, node)
  const result = await node.run(command, {
    signal: context.signal,
    env: { ...environmentOf(context, node, given), ...env },
    ...(given.timeout === 0 ? {} : { timeoutMs: given.timeout }),
  })
  const said = `${result.stdout}${result.stderr}`.trimEnd()
  for (const line of said.split('\n').slice(-100))
    if (line !== '') context.log(`${node.name} ${which}: ${line}`)
  if (result.ok) return
  const how = result.timedOut
    ? 'took longer than its timeout'
    : `ended with ${result.signal ?? `status ${result.exitCode}`}`
  const last = said.split('\n').slice(-5).join('\n')
  throw new TargetError(
    `${which} of ${given.service} on ${node.name} ${how}${last === '' ? '' : `:\n${last}`}`,
    {
      code: 'QUARRY_MANAGER_SCRIPT',
    },
  )
}
