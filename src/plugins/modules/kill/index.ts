/** Processes that end without warning, and a script that starts them again. */
import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { formatDuration } from '../../../base/duration.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { ModuleContext } from '../../../plugin/module.ts'
import { duration } from '../../../plugin/properties.ts'
import { repeated, repeatProperties } from '../../../plugin/repeat.ts'
import {
  chosenProcesses,
  inWords,
  needsOneOf,
  notOurs,
  processProperties,
  sendSignal,
  someOf,
  stillRuns,
  type ChosenProcess,
} from '../../faults/processes.ts'
import { untilOver } from '../../faults/until-over.ts'
import { invocationOf } from '../../scripts/invocation.ts'

const POLL_MS = 20

const properties = z
  .strictObject({
    ...processProperties,
    signal: z
      .enum(['KILL', 'TERM', 'INT', 'QUIT', 'ABRT', 'SEGV', 'HUP', 'USR1', 'USR2'])
      .default('KILL')
      .describe('what is sent to them'),
    ends: z
      .boolean()
      .optional()
      .describe('whether they are waited for to end; not for HUP, USR1 and USR2 when left out'),
    timeout: duration
      .prefault('30s')
      .describe(
        'time in which they have to end, and for the script, or the operation has failed; 0 is no limit',
      ),
    restart: z
      .string()
      .min(1)
      .optional()
      .describe(
        'script that starts them again on each of their nodes, also after an abort; not after a `kill -9` of Quarry',
      ),
    duration: duration
      .optional()
      .describe(
        'how long they stay dead before `restart`: 1m when left out, or the whole phase with `lifetime: phase`',
      ),
    ...repeatProperties,
  })
  .refine(...needsOneOf)
type Properties = z.infer<typeof properties>

export default defineModule({
  id: 'kill',
  summary: 'ends processes with a signal, chosen anew each time, and may start them again',
  needs: [],
  properties,
  lifetime: 'dynamic',
  run: (context, given) =>
    repeated(context, given, async () => {
      context.operation('invoke', { match: given.match, service: given.service, signal: given.signal })
      const found = someOf(await chosenProcesses(context, given), given)
      const failures: string[] = []
      {
        await using stack = new AsyncDisposableStack()
        stack.defer(async () => {
          failures.push(...(await restart(context, given, found)))
        })
        const sent = await Promise.all(found.map((process) => sendSignal(process, given.signal)))
        context.log(`sent ${given.signal} to ${found.map(({ comm, pid }) => `${comm} (${pid})`).join(', ')}`)
        const refused = found.find((process, index) => sent[index] === false && stillRuns(process))
        if (refused !== undefined) throw notOurs(refused)
        failures.push(...(await stubborn(context, given, found)))
        if (given.restart !== undefined) {
          context.operation('info', { killed: inWords(found) })
          await untilOver(context, given.duration)
        }
      }
      if (failures.length > 0) context.operation('fail', failures.join('\n'))
      else context.operation('ok', { killed: inWords(found) })
    }),
})

/** Waits for them to end; one sentence for each that does not. */
async function stubborn(
  { signal }: ModuleContext,
  { ends, signal: sent, timeout }: Properties,
  processes: readonly ChosenProcess[],
): Promise<string[]> {
  if (!(ends ?? !['HUP', 'USR1', 'USR2'].includes(sent))) return []
  const untilMs = performance.now() + (timeout || Number.POSITIVE_INFINITY)
  while (processes.some(stillRuns) && performance.now() < untilMs) await sleep(POLL_MS, signal)
  return processes
    .filter(stillRuns)
    .map(({ node, comm, pid }) => `${node.name}: ${comm} (${pid}) took ${sent} and did not end`)
}

/** Starts them again, once for each of their nodes; one sentence for each script that fails. */
async function restart(
  context: ModuleContext,
  { restart: script, timeout }: Properties,
  processes: readonly ChosenProcess[],
): Promise<string[]> {
  if (script === undefined) return []
  const nodes = [...new Set(processes.map(({ node }) => node))]
  const sentences = await Promise.all(
    nodes.map(async (node) => {
      const { command, env } = await invocationOf(script, node)
      // Not with the signal: an abort must not leave them dead.
      const result = await node.run(command, {
        env: { ...context.environment(node), ...env },
        ...(timeout ? { timeoutMs: timeout } : {}),
      })
      const said = `${result.stdout}${result.stderr}`.trimEnd()
      for (const line of said.split('\n').slice(-20)) if (line !== '') context.log(`${node.name}: ${line}`)
      if (result.ok) return []
      const how = result.timedOut
        ? `took longer than ${formatDuration(timeout)}`
        : `ended with ${result.signal ?? `status ${result.exitCode}`}`
      return [`${node.name}: restart ${how}:\n${said.split('\n').slice(-5).join('\n')}`]
    }),
  )
  return sentences.flat()
}
