/** Whether a symptom is still there after a rung, or was cured by it. */
import { sleep } from '../base/abort.ts'
import { compareTiers } from '../model/tier.ts'
import type { Rung } from './ladder.ts'
import type { Observation } from './observe.ts'
import type { Symptom } from './symptom-state.ts'
import type { SymptomWatch } from './symptoms.ts'

const LEAST_LOOKS = 3
const MOST_LOOKS = 10
const SETTLING_LOOKS = 3
const LOOK_PAUSE_MS = 500

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
  signal: AbortSignal,
): Promise<boolean> {
  const others = watch.symptoms.filter((one) => one !== symptom && one.state === 'showing')
  const probes = new Set([symptom, ...others].flatMap((one) => one.probes))
  const needed = looksToProve(symptom.steadiness)
  let settling = compareTiers(tier, 'stop') >= 0 ? SETTLING_LOOKS : 0
  for (let without = 0; without < needed;) {
    await observation.probes.attempt([...probes])
    if (!(await watch.holds(symptom))) without += 1
    else if (settling === 0) return true
    else {
      settling -= 1
      without = 0
    }
    await sleep(LOOK_PAUSE_MS, signal)
  }
  watch.cured(symptom, id)
  for (const other of others) if (!(await watch.holds(other))) watch.cured(other, id)
  return false
}

/**
 * Looks without a symptom after which chance explains its absence once in a hundred: `(1 - steadiness) ^ looks`. Never
 * fewer than three, because looks half a second apart are not independent.
 */
function looksToProve(steadiness: number): number {
  return Math.min(MOST_LOOKS, Math.max(LEAST_LOOKS, Math.ceil(Math.log(0.01) / Math.log(1 - steadiness))))
}
