/** Doing something again and again: the properties `repeat.*`, as in Fallout. */
import { z } from 'zod'
import { sleep } from '../base/abort.ts'
import { seededRandom } from '../base/random.ts'
import type { Lifetime } from '../model/definition.ts'

/** Properties for the schema of a component; it repeats when any of them is given. Delays are in seconds. */
export const repeatProperties = {
  'repeat.delay': z.number().min(0).optional().describe('seconds before each time; 10 when it repeats'),
  'repeat.delay_offset': z
    .number()
    .min(0)
    .optional()
    .describe('at random up to so many seconds more; 1 when it repeats'),
  'repeat.iterations': z
    .int()
    .min(0)
    .optional()
    .describe('how many times; 0, or left out, until the phase ends, or once without a phase to wait for'),
  'repeat.seed': z.int().optional().describe('makes the delays the same in every run'),
}

export type Repeat = z.infer<z.ZodObject<typeof repeatProperties>>

/** What repetition needs to know of the component's surroundings. */
export interface RepeatContext {
  readonly lifetime: Lifetime
  readonly endOfPhase: AbortSignal
  readonly signal: AbortSignal
}

/** Acts once, or as often as is asked for. The end of the phase ends it between two times; an abort at once. */
export async function repeated(
  { lifetime, endOfPhase, signal }: RepeatContext,
  given: Repeat,
  act: (iteration: number) => Promise<void>,
): Promise<void> {
  const keys = Object.keys(repeatProperties) as (keyof Repeat)[]
  if (keys.every((key) => given[key] === undefined)) {
    await act(1)
    return
  }
  const lasts = lifetime === 'run_to_end_of_phase'
  const limit = given['repeat.iterations'] || (lasts ? Number.POSITIVE_INFINITY : 1)
  const random = seededRandom(given['repeat.seed'] ?? Math.floor(Math.random() * 2 ** 32))
  const over = lasts ? AbortSignal.any([endOfPhase, signal]) : signal
  for (let iteration = 1; iteration <= limit; iteration += 1) {
    const seconds = (given['repeat.delay'] ?? 10) + random.next() * (given['repeat.delay_offset'] ?? 1)
    try {
      await sleep(seconds * 1000, over)
    } catch (error) {
      if (signal.aborted) throw error
      return
    }
    await act(iteration)
    if (over.aborted) return
  }
}
