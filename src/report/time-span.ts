/** Stretches of the time of a case. */
import type { RunRecord } from '../model/run.ts'
import type { Direction } from '../model/trend.ts'

/** From and to in ns since the epoch. */
export interface TimeSpan {
  readonly from: bigint
  readonly to: bigint
}

/** A stretch that charts show behind their lines: the symptom showed, the ladder was climbed, or a level changed. */
export interface Band extends TimeSpan {
  readonly kind: 'symptom' | 'reference' | 'sick' | 'cured' | Direction
}

const MINUTE = 60_000_000_000n
/** A case that is shorter is shown whole. */
const LONG = 20n * MINUTE
const BEFORE = 10n * MINUTE
const AFTER = 5n * MINUTE

/** The time that was observed: what follows the teardown is bookkeeping. */
export function observedSpan({ states }: RunRecord): TimeSpan {
  const from = BigInt(states[0]?.at ?? 0)
  const over = states.find(({ state }) => state === 'tearing-down') ?? states.at(-1)
  const to = BigInt(over?.at ?? 0)
  return { from, to: to > from ? to : from + 1n }
}

/** The minutes around the onset of the first symptom, so that it can be seen in a case of hours or days. */
export function onsetSpan({ symptoms }: RunRecord, span: TimeSpan): TimeSpan {
  const [first] = symptoms
  if (first === undefined || span.to - span.from <= LONG) return span
  const onset = BigInt(first.from)
  const ended = first.to === null ? span.to : BigInt(first.to)
  const until = ended < onset + BEFORE ? ended : onset + BEFORE
  return {
    from: onset - BEFORE > span.from ? onset - BEFORE : span.from,
    to: until + AFTER < span.to ? until + AFTER : span.to,
  }
}

/** When the symptoms showed, and when each climb of the ladder was made. */
export function bandsOf({ symptoms, captures }: RunRecord, span: TimeSpan): readonly Band[] {
  const stretch = (from: string, to: string | null): TimeSpan => ({
    from: BigInt(from),
    to: to === null ? span.to : BigInt(to),
  })
  return [
    ...captures.map((one) => ({ kind: one.role, ...stretch(one.from, one.to) })),
    ...symptoms.map((one) => ({ kind: 'symptom' as const, ...stretch(one.from, one.to) })),
  ]
}
