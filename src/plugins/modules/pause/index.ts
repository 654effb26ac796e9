/** Processes that stand still, as under a long garbage collection or on a host that was suspended. */
import { z } from 'zod'
import { TargetError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { ModuleContext } from '../../../plugin/module.ts'
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
  type Processes,
} from '../../faults/processes.ts'
import { lasting, untilOver } from '../../faults/until-over.ts'
import { stateOf } from '../../tracing/process-stat.ts'

/** A process may start another between being seen and being stopped. */
const ROUNDS = 10

export default defineModule({
  id: 'pause',
  summary: 'stops processes for a time with SIGSTOP, and lets them go on',
  needs: [],
  properties: z
    .strictObject({
      ...processProperties,
      ...lasting,
      ...repeatProperties,
    })
    .refine(...needsOneOf),
  lifetime: 'dynamic',
  run: (context, given) =>
    repeated(context, given, async () => {
      context.operation('invoke', { match: given.match, service: given.service })
      {
        await using stack = new AsyncDisposableStack()
        const stopped = await stopAll(context, given, stack)
        context.operation('info', { stopped: inWords(stopped) })
        context.log(`stopped ${stopped.map(({ comm, pid }) => `${comm} (${pid})`).join(', ')}`)
        await untilOver(context, given.duration)
      }
      context.log('continued')
      context.operation('ok')
    }),
})

async function stopAll(
  context: ModuleContext,
  given: Processes,
  stack: AsyncDisposableStack,
): Promise<readonly ChosenProcess[]> {
  const seen = new Set<string>()
  const stopped: ChosenProcess[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = await chosenProcesses(context, given)
    const fresh = (round === 0 ? someOf(found, given) : found).filter((one) => !seen.has(identityOf(one)))
    if (fresh.length === 0) break
    for (const process of fresh) {
      const { node, pid, started, comm } = process
      seen.add(identityOf(process))
      // Whoever stopped it means it: SIGCONT would not put things back.
      if (stateOf(node.files, pid) === 'T') {
        context.log(`${comm} (${pid}) is stopped already and is left alone`)
        continue
      }
      stack.use(await context.ledgerOf(node).record({ type: 'stopped', pid, started }))
      // Here too, for a node that is not this host.
      stack.defer(async () => void (await sendSignal(process, 'CONT')))
      if (await sendSignal(process, 'STOP')) stopped.push(process)
      else if (stillRuns(process)) throw notOurs(process)
    }
  }
  if (stopped.length > 0) return stopped
  throw new TargetError('there was nothing to stop: all that was found is stopped already or has ended', {
    code: 'QUARRY_NO_PROCESS',
  })
}

/** Hosts have the same pids, and one host has the same pid again. */
const identityOf = ({ node, pid, started }: ChosenProcess): string => `${node.host} ${pid} ${started}`
