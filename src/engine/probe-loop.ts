/** One probe, tried at its own pace, and at once when somebody wants to know. */
import { abortReason, sleep, whenAborted, withTimeout } from '../base/abort.ts'
import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { messageOf } from '../base/errors.ts'
import type { ProbeUse } from '../model/definition.ts'
import type { Probe, ProbeResult } from '../plugin/probe.ts'

/** An attempt that has ended; `ts` is when it began, ns. */
export interface Attempt {
  readonly ts: bigint
  readonly result: ProbeResult & { readonly durationNs: number }
}

export interface LoopOptions {
  readonly probe: Probe
  readonly use: ProbeUse
  readonly publish: (attempt: Attempt) => void
  /** Aborts when the node that it is tried from is lost: what it cannot try any more has not failed. */
  readonly lost: AbortSignal | undefined
  readonly clock: Clock
  /** It judges what happened since its last attempt, as the growth of a log: it keeps its own pace. */
  readonly follows: boolean
}

export interface ProbeLoop {
  /** Resolves when the loop has ended after its signal. */
  readonly done: Promise<void>
  /** Tries at least this often, ms; `null` goes back to the definition's pace. */
  pace(milliseconds: number | null): void
  /** Resolves when an attempt that began after the call has ended. */
  attempt(): Promise<void>
}

/** An attempt waits this long for the one before it, which may hang; it does not delay the answer for longer. */
const PATIENCE_MS = 2000

/** Starts trying; ends when the signal aborts. */
export function startLoop(
  { probe, use, publish, lost, clock, follows }: LoopOptions,
  signal: AbortSignal,
): ProbeLoop {
  let limitMs = Number.POSITIVE_INFINITY
  let waiting: (() => void)[] = []
  let wake = new AbortController()

  // One after the other: two at once can disturb each other, as when the first holds what the second is about to ask for.
  let last: Promise<void> = Promise.resolve()
  const tryOnce = (): Promise<void> => {
    const before = last
    return (last = tryAfter(before))
  }
  const tryAfter = async (before: Promise<void>): Promise<void> => {
    using patience = withTimeout(signal, PATIENCE_MS, 'the attempt before has not ended')
    await Promise.race([before, whenAborted(patience.signal)])
    const ts = clock.now()
    const result = await attemptOnce(probe, use, signal)
    if (!signal.aborted && (result.success || lost?.aborted !== true)) publish({ ts, result })
  }
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const began = performance.now()
      const served = waiting
      waiting = []
      await tryOnce()
      for (const resolve of served) resolve()
      for (
        let due = 0;
        !signal.aborted && (due = Math.min(use.everyMs, limitMs) - (performance.now() - began)) > 0;
      ) {
        wake = new AbortController()
        await sleep(due, AbortSignal.any([signal, wake.signal])).catch(() => undefined)
      }
    }
    for (const resolve of waiting) resolve()
  }
  const done = loop()
  return {
    done,
    pace: (milliseconds) => {
      if (follows) return
      limitMs = milliseconds ?? Number.POSITIVE_INFINITY
      wake.abort(new Error('the pace has changed'))
    },
    attempt: () => {
      if (signal.aborted) return Promise.resolve()
      return follows ? new Promise((resolve) => waiting.push(resolve)) : tryOnce()
    },
  }
}

/** One attempt within its timeout; whatever goes wrong is a failed attempt. */
async function attemptOnce(probe: Probe, use: ProbeUse, signal: AbortSignal): Promise<Attempt['result']> {
  using time = withTimeout(signal, use.timeoutMs, `no answer within ${formatDuration(use.timeoutMs)}`)
  const began = process.hrtime.bigint()
  const elapsed = (): number => Number(process.hrtime.bigint() - began)
  try {
    const result = await probe.attempt(time.signal)
    return { ...result, durationNs: result.durationNs ?? elapsed() }
  } catch (error) {
    const why = time.signal.aborted ? abortReason(time.signal).message : messageOf(error)
    return { success: false, error: why, durationNs: elapsed() }
  }
}
