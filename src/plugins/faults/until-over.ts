/** How long a fault lasts. */
import { sleep, throwIfAborted, whenAborted } from '../../base/abort.ts'
import type { ModuleContext } from '../../plugin/module.ts'
import { duration } from '../../plugin/properties.ts'

/** What a fault that runs once lasts unless it says otherwise, in ms. */
const DEFAULT_MS = 60_000

/** The property for the schema of a fault. */
export const lasting = {
  duration: duration
    .optional()
    .describe('how long it lasts: 1m when left out, or the whole phase with `lifetime: phase`'),
}

type Lasting = Pick<ModuleContext, 'lifetime' | 'endOfPhase' | 'signal'>

/**
 * Resolves when the fault is over: after its duration, in ms, or with the phase when it lasts for that. Rejects with the
 * reason of an abort, and with whatever tells that the fault broke off by itself.
 */
export async function untilOver(
  context: Lasting,
  durationMs: number | undefined,
  broken: readonly Promise<never>[] = [],
): Promise<void> {
  const brokenOff = new AbortController()
  const signal = AbortSignal.any([context.signal, brokenOff.signal])
  try {
    await Promise.race([timeOf({ ...context, signal }, durationMs), ...broken])
  } finally {
    brokenOff.abort()
  }
}

async function timeOf(
  { lifetime, endOfPhase, signal }: Lasting,
  durationMs: number | undefined,
): Promise<void> {
  if (lifetime === 'run_once') {
    await sleep(durationMs ?? DEFAULT_MS, signal)
    return
  }
  const wake = AbortSignal.any([signal, endOfPhase])
  await (durationMs === undefined ? whenAborted(wake) : sleep(durationMs, wake).catch(() => undefined))
  throwIfAborted(signal)
}
