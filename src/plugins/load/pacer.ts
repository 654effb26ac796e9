/**
 * Wakes the event loop when operations are due. A timer of Node is late by up to a millisecond, which would be taken for
 * the latency of the server; a thread that sleeps is late by some microseconds and costs less than waiting busily.
 */
import { Worker, parentPort, workerData } from 'node:worker_threads'

interface Pace {
  /** First time, ns of the monotonic clock. */
  readonly startNs: bigint
  readonly periodNs: bigint
}

/** Operations that are due within this are told at once. */
const SHORTEST_NS = 200_000n

/** Calls back at the start and at every period after it, or every so many, until it is disposed of. */
export function startPacer({ startNs, periodNs }: Pace, onTick: () => void): AsyncDisposable {
  const pace: Pace = { startNs, periodNs: periodNs < SHORTEST_NS ? SHORTEST_NS : periodNs }
  const thread = new Worker(new URL(import.meta.url), { workerData: { pace } })
  thread.on('message', onTick)
  return {
    [Symbol.asyncDispose]: async () => {
      await thread.terminate()
    },
  }
}

/** What the thread does, until it is terminated. */
function tick({ startNs, periodNs }: Pace): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  for (let next = startNs; ;) {
    const waitMs = Number(next - process.hrtime.bigint()) / 1e6
    if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs)
    parentPort?.postMessage(0)
    next += periodNs
    // A machine that stood still is not made up for tick by tick.
    const now = process.hrtime.bigint()
    if (next < now) next += ((now - next) / periodNs) * periodNs
  }
}

const data: { readonly pace?: Pace } | null = workerData
if (data?.pace !== undefined) tick(data.pace)
