/** Time as a dependency, so that tests can own it. */

export interface Clock {
  /** Nanoseconds since the epoch, never going backwards within one process. */
  now(): bigint
  /** Milliseconds since the epoch, never going backwards within one process. */
  nowMs(): number
}

/**
 * The wall clock at start plus the monotonic clock since: a jump of the wall clock during a run cannot reorder or
 * stretch its evidence.
 */
export function systemClock(): Clock {
  const origin = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
  const now = (): bigint => origin + process.hrtime.bigint()
  return { now, nowMs: () => Number(now() / 1000n) / 1000 }
}

/** `Date.now()` has milliseconds: a lead below this may be none. */
const RESOLUTION_NS = 2_000_000

/**
 * How far the wall clock is ahead of a clock, ns, because somebody has set it since: what tools print in wall clock time
 * is that much too late.
 */
export function wallClockLead(clock: Clock, wallMs: number = Date.now()): number {
  const lead = Number(BigInt(Math.round(wallMs)) * 1_000_000n - clock.now())
  return Math.abs(lead) <= RESOLUTION_NS ? 0 : lead
}
