/**
 * The program that makes the load, on a client node: it reads a plan from standard input and tells what it sees on
 * standard output, a line of JSON each. INT ends the load; what is under way is waited for.
 */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { sleep } from '../../base/abort.ts'
import type { LoadClient } from './client.ts'
import { lost, OperationError } from './client.ts'
import { drive } from './drive.ts'
import { openHistoryLog } from './history-log.ts'
import type { LoadMessage, LoadPlan } from './messages.ts'
import { clientsOf } from './protocols.ts'
import { logHeader, Recorder } from './recorder.ts'

const CONNECT_PAUSE_MS = 100

const tell = (message: LoadMessage): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

async function work(plan: LoadPlan, stop: AbortSignal): Promise<void> {
  const make = clientsOf(plan.protocol)
  const clients = Array.from({ length: plan.clients }, (_, index) => {
    const number = plan.firstClient + index
    return make(plan.targets[number % plan.targets.length] ?? '', number)
  })
  if (!(await anyAnswers(clients, plan, stop))) return
  tell({ type: 'began', bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() })

  const recorder = new Recorder()
  const history = openHistoryLog(plan.firstClient, plan.allClients)
  const beganMs = performance.now()
  const warmMs = beganMs + plan.warmupMs
  const wallMs = (ms: number): number => performance.timeOrigin + ms
  tell({ type: 'log', text: logHeader(wallMs(warmMs)) })
  let fromMs = warmMs
  const endInterval = (): void => {
    const operations = history.take()
    if (operations.length > 0) tell({ type: 'history', operations })
    const toMs = performance.now()
    if (toMs <= fromMs) return
    const { text: lines, series } = recorder.endInterval(wallMs(fromMs), wallMs(toMs))
    if (lines !== '') tell({ type: 'log', text: lines })
    tell({ type: 'interval', series })
    fromMs = toMs
  }
  const timer = setInterval(endInterval, plan.intervalMs)
  await drive({
    plan: plan.durationMs === null ? plan : { ...plan, durationMs: plan.durationMs + plan.warmupMs },
    clients,
    stop,
    observe: (client, planned) => (plan.history ? history.observe(client, planned) : () => undefined),
    done: ({ kind, outcome, dueMs, endMs, error }) => {
      if (dueMs < warmMs) return
      recorder.record(kind, outcome, endMs - dueMs)
      if (error !== undefined) recorder.error(error.code, error.message)
    },
  })
  clearInterval(timer)
  endInterval()
  const seconds = Math.max(0, performance.now() - warmMs) / 1000
  tell({ type: 'ended', seconds, series: recorder.summary(), errors: recorder.errors() })
  for (const client of clients) client.drop(new OperationError('ended', 'the load has ended'))
}

/** Waits until one of the servers answers; tells, and gives false, when none does until the deadline. */
async function anyAnswers(
  clients: readonly LoadClient[],
  plan: LoadPlan,
  stop: AbortSignal,
): Promise<boolean> {
  // The first client of each target is enough.
  const first = clients.slice(0, plan.targets.length)
  const deadline = performance.now() + plan.connectMs
  for (;;) {
    const failure = await firstToConnect(first, plan.timeoutMs, stop)
    if (failure === undefined) return true
    if (performance.now() > deadline || stop.aborted) {
      tell({ type: 'unreachable', code: failure.code, message: failure.message })
      return false
    }
    await sleep(CONNECT_PAUSE_MS, stop).catch(() => undefined)
  }
}

/** Resolves when one of them has connected, with nothing under way on the others, or with why none has. */
async function firstToConnect(
  clients: readonly LoadClient[],
  timeoutMs: number,
  stop: AbortSignal,
): Promise<OperationError | undefined> {
  const pending = new Set(clients)
  const giveUp = (error: OperationError): void => {
    for (const client of pending) client.drop(error)
  }
  const onStop = (): void => giveUp(new OperationError('ended', 'the load was told to end'))
  const timer = setTimeout(
    () => giveUp(new OperationError('timeout', `no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  stop.addEventListener('abort', onStop, { once: true })
  const connecting = clients.map((client) => client.connect().finally(() => pending.delete(client)))
  try {
    await Promise.any(connecting)
    // An answer that comes later would be taken for that to the first operation.
    giveUp(new OperationError('too late', 'another server answered first'))
    await Promise.allSettled(connecting)
    return undefined
  } catch (error) {
    return lost(error instanceof AggregateError ? error.errors[0] : error)
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', onStop)
  }
}

const stopped = new AbortController()
process.on('SIGINT', () => stopped.abort(new Error('the load was told to end')))
// Nobody listens any more.
process.stdout.on('error', () => process.exit(1))
await work(JSON.parse(await text(process.stdin)) as LoadPlan, stopped.signal)
