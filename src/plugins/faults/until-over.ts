/** How long a fault lasts. */
import { sleep, throwIfAborted, whenAborted } from '../../base/abort.ts'
import type { ModuleContext } from '../../plugin/module.ts'

/** What a fault that runs once lasts unless it says otherwise, in ms. */
const DEFAULT_MS = 60_000

/**
 * Resolves when the fault is over: after its duration, in ms, or with the phase when it lasts for that. Rejects with the
 * reason of an abort.
 */
export async function untilOver(
  { lifetime, endOfPhase, signal }: Pick<ModuleContext, 'lifetime' | 'endOfPhase' | 'signal'>,
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
