/**
 * Drives clients: each does one operation after another, as soon as it has an answer, or operations arrive at times that
 * were planned beforehand, whatever the server does. Then latency counts from the planned time, so that a server that
 * stands still is charged with all that it kept waiting (Tene: coordinated omission).
 */
import { sleep, withTimeout } from '../../base/abort.ts'
import { lost, OperationError, type LoadClient, type PlannedOperation } from './client.ts'
import type { LoadOutcome, LoadPlan } from './messages.ts'
import { startPacer } from './pacer.ts'

/** An operation as it went; times in ms of `performance.now()`. */
export interface Done {
  readonly kind: string
  readonly outcome: LoadOutcome
  /** When it should have begun. */
  readonly dueMs: number
  readonly endMs: number
  readonly error?: OperationError
}

/** Told of an operation before it begins; what is given back is told of its end. */
export type Observe = (client: number, planned: PlannedOperation) => (ended: Ended) => void

export interface Ended {
  readonly outcome: LoadOutcome
  readonly value?: string | null | undefined
  readonly error?: OperationError
}

export interface Drive {
  readonly plan: Pick<LoadPlan, 'rate' | 'operations' | 'durationMs' | 'timeoutMs'>
  readonly clients: readonly LoadClient[]
  readonly observe: Observe
  readonly done: (done: Done) => void
  /** Ends the load: what is under way is waited for, nothing new begins. */
  readonly stop: AbortSignal
}

/** A client that could not connect waits this long before it tries again, unless operations arrive by plan. */
const UNREACHABLE_PAUSE_MS = 50

/** Resolves when the load has ended and nothing is under way. */
export async function drive(work: Drive): Promise<void> {
  const { durationMs, rate } = work.plan
  const startMs = performance.now()
  // A timer may be early by a part of a millisecond.
  const limitMs = durationMs === null ? Number.POSITIVE_INFINITY : durationMs + 1
  using time = withTimeout(work.stop, limitMs, 'the load has lasted as long as it should')
  await (rate === null ? goOn(work, time.signal) : arrive(work, rate, startMs, time.signal))
}

async function goOn(work: Drive, stop: AbortSignal): Promise<void> {
  let left = work.plan.operations ?? Number.POSITIVE_INFINITY
  await Promise.all(
    work.clients.map(async (client, index) => {
      while (!stop.aborted && left > 0) {
        left -= 1
        const error = await perform(work, client, index, performance.now())
        if (error?.isUnreachable === true) await sleep(UNREACHABLE_PAUSE_MS, stop).catch(() => undefined)
      }
    }),
  )
}

async function arrive(work: Drive, rate: number, startMs: number, stop: AbortSignal): Promise<void> {
  const periodMs = 1000 / rate
  const { operations, durationMs } = work.plan
  const most = Math.min(
    operations ?? Number.POSITIVE_INFINITY,
    // All that are due before the end; the timer that ends it may be late. Thirds and the like are a hair too many.
    durationMs === null ? Number.POSITIVE_INFINITY : Math.ceil(durationMs / periodMs - 1e-6),
  )
  const startNs = process.hrtime.bigint() - BigInt(Math.round((performance.now() - startMs) * 1e6))
  const idle: (() => void)[] = []
  let taken = 0
  let stoppedMs = Number.POSITIVE_INFINITY
  /** When the next operation is due; `undefined` when there is none yet. */
  const take = (): number | undefined => {
    const dueMs = startMs + taken * periodMs
    if (taken >= most || dueMs > Math.min(stoppedMs, performance.now())) return undefined
    taken += 1
    return dueMs
  }
  const over = (): boolean => stop.aborted || taken >= most
  const wakeAll = (): void => {
    for (const wake of idle.splice(0)) wake()
  }
  stop.addEventListener('abort', () => {
    stoppedMs = performance.now()
    wakeAll()
  })
  await using _pacer = startPacer({ startNs, periodNs: BigInt(Math.round(periodMs * 1e6)) }, () => {
    const due = Math.min(most, (performance.now() - startMs) / periodMs + 1) - taken
    for (const wake of over() ? idle.splice(0) : idle.splice(0, Math.floor(due))) wake()
  })
  await Promise.all(
    work.clients.map(async (client, index) => {
      while (!over()) {
        let dueMs = take()
        if (dueMs === undefined) {
          await new Promise<void>((resolve) => idle.push(resolve))
          // At the end too: it was not busy, only told late of what was due before.
          dueMs = take()
        }
        if (dueMs !== undefined) await perform(work, client, index, dueMs)
      }
      wakeAll()
    }),
  )
  const due = Math.ceil((Math.min(stoppedMs, performance.now()) - startMs) / periodMs)
  chargeUnbegun(work, startMs + taken * periodMs, periodMs, Math.min(due, most) - taken)
}

/** What was due and never begun, because all clients were busy until the end, has waited until now at least. */
function chargeUnbegun({ clients, done }: Drive, firstMs: number, periodMs: number, count: number): void {
  const endMs = performance.now()
  const error = new OperationError('not begun', 'it was due and all clients were busy until the end')
  for (let index = 0; index < count; index += 1) {
    const kind = clients[index % clients.length]?.next().kind ?? ''
    done({ kind, outcome: 'timeout', dueMs: firstMs + index * periodMs, endMs, error })
  }
}

/** Does one operation within its timeout; gives what went wrong. */
async function perform(
  { plan, observe, done }: Drive,
  client: LoadClient,
  index: number,
  dueMs: number,
): Promise<OperationError | undefined> {
  const planned = client.next()
  const { kind } = planned
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    client.drop(new OperationError('timeout', `no answer within ${plan.timeoutMs} ms`))
  }, plan.timeoutMs)
  const end = observe(index, planned)
  try {
    const { outcome, value } = await planned.run()
    end({ outcome, value })
    done({ kind, outcome, dueMs, endMs: performance.now() })
    return undefined
  } catch (failure) {
    const error = lost(failure)
    const outcome = timedOut ? 'timeout' : 'error'
    end({ outcome, error })
    done({ kind, outcome, dueMs, endMs: performance.now(), error })
    return error
  } finally {
    clearTimeout(timer)
  }
}
