/** A load from the module's side: plans for the nodes, their programs, and what those tell. */
import { appendFile, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { throwIfAborted } from '../../base/abort.ts'
import { EnvironmentError } from '../../base/errors.ts'
import { fileNameOf } from '../../base/file-name.ts'
import type { ModuleContext } from '../../plugin/module.ts'
import type { Node } from '../../plugin/node.ts'
import { namedNodes, selectNodes } from '../../plugin/selection.ts'
import type { LoadMessage, LoadPlan, Protocol } from './messages.ts'
import { messagesOf } from './output.ts'
import type { LoadProperties } from './properties.ts'
import { publishInterval } from './publish.ts'
import { formatAddress } from './socket.ts'
import { summarize, summaryCsv, summaryValue, type NodeEnd } from './summary.ts'

/** What a load does unless it is told otherwise, ms. */
const DEFAULT_MS = 30_000
/** The longest that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1
const WORKER = join(import.meta.dirname, 'worker.ts')

export interface Load {
  readonly protocol: Protocol
  /** Explicit targets; the selected nodes at their port when empty. */
  readonly targets: readonly string[]
  /** Makes a target of an address, such as a URL. */
  readonly targetOf?: (address: string) => string
  readonly history?: { readonly operations: number } | undefined
}

/** Makes the load and tells how it went: `ok` or `fail` with a summary. A server that is down is a failed operation. */
export async function runLoad(context: ModuleContext, given: LoadProperties, load: Load): Promise<void> {
  const nodes = namedNodes((name) => context.group(name), given.from)
  const targets = targetsOf(context, given, load)
  const plans = plansFor(nodes, targets, context, given, load)
  context.operation('invoke', { from: nodes.map(({ name }) => name), targets })
  // The monotonic clock of this host, on which the nodes' programs run, by the clock of the run: the same for all nodes.
  const offsetNs = context.clock.now() - process.hrtime.bigint()
  // One node that cannot make its part ends those of the others.
  const broken = new AbortController()
  const signal = AbortSignal.any([context.signal, broken.signal])
  const settled = await Promise.allSettled(
    plans.map(({ node, plan }) =>
      runOn(node, plan, offsetNs, { ...context, signal }, given).catch((error: unknown) => {
        broken.abort(error)
        throw error
      }),
    ),
  )
  throwIfAborted(context.signal)
  const endings = settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  const ends = endings.filter((one) => one.type === 'ended')
  const summary = summarize(ends)
  const value = summaryValue(summary)
  context.log(JSON.stringify(value))
  const reasons = [
    ...endings.flatMap((one) => (one.type === 'unreachable' ? [`no server answered: ${one.message}`] : [])),
    ...shortcomings(summary, given),
  ]
  if (reasons.length === 0) context.operation('ok', value)
  else context.operation('fail', `${reasons.join('; ')}${examples(summary.errors)}`)
}

type Ending = Extract<LoadMessage, { type: 'ended' | 'unreachable' }>

function targetsOf(
  context: ModuleContext,
  given: LoadProperties,
  { targets, targetOf }: Load,
): readonly string[] {
  if (targets.length > 0) return targets
  const addresses = selectNodes((name) => context.group(name), given).map(({ address }) =>
    formatAddress(address, given.port),
  )
  return targetOf === undefined ? addresses : addresses.map(targetOf)
}

/** Shares clients, rate and operations out among the nodes; nodes beyond the number of clients have none. */
function plansFor(
  nodes: readonly Node[],
  targets: readonly string[],
  { lifetime }: ModuleContext,
  given: LoadProperties,
  { protocol, history }: Load,
): { readonly node: Node; readonly plan: LoadPlan }[] {
  const used = nodes.slice(0, given.clients)
  const most = Math.min(
    given.operations ?? Number.POSITIVE_INFINITY,
    history?.operations ?? Number.POSITIVE_INFINITY,
  )
  const lasts = lifetime === 'run_to_end_of_phase' || given.operations !== undefined
  const share = (all: number, index: number): number =>
    Math.floor((all * (index + 1)) / used.length) - Math.floor((all * index) / used.length)
  let firstClient = 0
  return used.map((node, index) => {
    const clients = share(given.clients, index)
    const plan: LoadPlan = {
      protocol,
      targets,
      clients,
      firstClient,
      allClients: given.clients,
      rate: given.rate === undefined ? null : given.rate / used.length,
      durationMs: given.duration ?? (lasts ? null : DEFAULT_MS),
      operations: most === Number.POSITIVE_INFINITY ? null : share(most, index),
      warmupMs: given.warmup,
      timeoutMs: Math.min(LONGEST_MS, given.timeout),
      connectMs: given.connect_timeout,
      intervalMs: Math.min(LONGEST_MS, Math.max(10, given.interval)),
      history: history !== undefined,
    }
    firstClient += clients
    return { node, plan }
  })
}

async function runOn(
  node: Node,
  plan: LoadPlan,
  offsetNs: bigint,
  context: ModuleContext,
  given: LoadProperties,
): Promise<Ending> {
  const program = await nodeCommand(node, given, context.signal)
  const path = join(context.artifacts(node), fileNameOf(context.name))
  await using running = await node.spawn([...program, '--disable-warning=ExperimentalWarning', WORKER], {
    signal: context.signal,
    input: JSON.stringify(plan),
    maxBytes: 65_536,
  })
  const stop = (): void => running.interrupt()
  if (context.lifetime === 'run_to_end_of_phase') {
    context.endOfPhase.addEventListener('abort', stop, { once: true })
    if (context.endOfPhase.aborted) stop()
  }
  let ending: Ending | undefined
  try {
    await writeFile(`${path}.hdr`, '')
    for await (const message of messagesOf(running.stdout)) {
      switch (message.type) {
        case 'began':
          if (plan.history) demandClock(node, message.bootId)
          context.log(`${node.name}: ${plan.clients} clients begin`)
          break
        case 'log':
          await appendFile(`${path}.hdr`, message.text)
          break
        case 'interval':
          publishInterval(context, node, message.series)
          break
        case 'history':
          for (const [kind, ns, value] of message.operations) {
            context.clientOperation(kind, value, BigInt(ns) + offsetNs)
          }
          break
        case 'unreachable':
        case 'ended':
          ending = message
      }
    }
  } finally {
    context.endOfPhase.removeEventListener('abort', stop)
    context.metrics(node, [])
  }
  const result = await running.done
  throwIfAborted(context.signal)
  if (ending === undefined && context.endOfPhase.aborted) {
    return { type: 'unreachable', code: 'ended', message: 'the phase ended before the load had begun' }
  }
  if (ending === undefined) {
    const why = result.stderr.trim().slice(-2000)
    throw new Error(`the load on ${node.name} ended with status ${result.exitCode ?? result.signal}: ${why}`)
  }
  if (ending.type === 'ended') await writeFile(`${path}.csv`, summaryCsv(summarize([ending]), ending.seconds))
  return ending
}

/** Node.js on the node, where this program's files are too. */
async function nodeCommand(
  node: Node,
  { node_command: given }: LoadProperties,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const program = given ?? [process.execPath]
  const { ok } = await node.run([...program, '-e', 'require("fs").accessSync(process.argv[1])', WORKER], {
    signal,
  })
  if (ok) return program
  throw new EnvironmentError(`a load needs ${program.join(' ')} and the files of Quarry on ${node.name}`, {
    remedy: `install Node.js 24 and Quarry at ${join(import.meta.dirname, '../../..')} there, and give node_command`,
  })
}

/** Histories of several nodes fit together only by one clock. */
function demandClock(node: Node, bootId: string): void {
  if (readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() === bootId) return
  throw new EnvironmentError(
    `a history needs clients whose clock is that of this host, which ${node.name} has not`,
    {
      remedy: 'make the load with history from nodes of the provisioners local or netns',
    },
  )
}

function shortcomings(
  { succeeded, failed }: ReturnType<typeof summarize>,
  { min_operations: least, max_error_rate: most }: LoadProperties,
): string[] {
  const rate = failed / Math.max(1, succeeded + failed)
  return [
    ...(succeeded < least ? [`${succeeded} operations succeeded, and ${least} should have`] : []),
    ...(most !== undefined && rate > most
      ? [`${failed} of ${succeeded + failed} operations failed, more than the share of ${most}`]
      : []),
  ]
}

const examples = (errors: NodeEnd['errors']): string =>
  errors
    .slice(0, 5)
    .map(({ code, count, example }) => `\n${count} × ${code}: ${example}`)
    .join('')
