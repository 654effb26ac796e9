/** Whether a symptom is still there after a rung, or was cured by it. */
import { sleep } from '../base/abort.ts'
import { compareTiers } from '../model/tier.ts'
import type { Rung } from './ladder.ts'
import type { Observation } from './observe.ts'
import type { Symptom } from './symptom-state.ts'
import type { SymptomWatch } from './symptoms.ts'

const LEAST_LOOKS = 3
const MOST_LOOKS = 10
const LOOK_PAUSE_MS = 500
/** A disturbing rung is given this long to show its effect, and more for a condition over a range of time. */
const SETTLING_MS = 1500
const MOST_SETTLING_MS = 10_000

/**
 * Whether the symptom is still there, after fresh attempts of its probes. How many looks without it prove a cure follows
 * from how steadily it held before: one that flickers is not cured because it was well for an instant. After a rung that
 * disturbs it may hold a little longer, for a condition over a range of time needs a moment to notice.
 */
export async function isStillThere(
  symptom: Symptom,
  { id, tier }: Rung['collector'],
  watch: SymptomWatch,
  observation: Observation,
  everyMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const others = watch.symptoms.filter((one) => one !== symptom && one.state === 'showing')
  const probes = new Set([symptom, ...others].flatMap((one) => one.probes))
  // Without a probe that can be tried at once there is nothing new to see before the next tick.
  const pauseMs = symptom.probes.length === 0 ? Math.max(everyMs, LOOK_PAUSE_MS) : LOOK_PAUSE_MS
  const disturbs = compareTiers(tier, 'stop') >= 0
  const settlingMs = disturbs
    ? everyMs + Math.min(MOST_SETTLING_MS, Math.max(SETTLING_MS, symptom.rangeMs))
    : 0
  const settled = performance.now() + settlingMs
  const needed = looksToProve(symptom.steadiness)
  for (let without = 0; without < needed;) {
    if (symptom.probes.length === 0) await sleep(pauseMs, signal)
    await observation.probes.attempt([...probes])
    if (!(await watch.holds(symptom))) without += 1
    else if (performance.now() >= settled) return true
    else without = 0
    if (symptom.probes.length > 0) await sleep(pauseMs, signal)
  }
  watch.cured(symptom, id)
  for (const other of others) if (!(await watch.holds(other))) watch.cured(other, id)
  return false
}

/**
 * Looks without a symptom after which chance explains its absence once in a hundred: `(1 - steadiness) ^ looks`. Never
 * fewer than three, because looks that follow one another closely are not independent.
 */
function looksToProve(steadiness: number): number {
  return Math.min(MOST_LOOKS, Math.max(LEAST_LOOKS, Math.ceil(Math.log(0.01) / Math.log(1 - steadiness))))
}
